"""Compiled numerics: normal mixtures, quadrature over the between-study SD, classic pooling.

Plain numbers and arrays in, arrays out; nothing here knows what a prior is called or what a study is about.
`compiling` holds the one decorator (numba), `mixtures` normal mixtures and their quantiles, `tau_density` the
unnormalised posterior of tau in the normal-normal model, `panels` the adaptive composite Gauss rule over it,
`solving` the whole computation for one set of studies. `weighted` holds the sums over weighted effects, `tau2` the
classic estimators of the between-study variance, `pooling` all that is known of a classic mean.
"""

from __future__ import annotations

__all__: list[str] = []
