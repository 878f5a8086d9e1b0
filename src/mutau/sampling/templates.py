"""Compiled models, kept and reused: one compilation per shape of model, new numbers for each fit.

A template is a private PyMC model compiled once by nutpie. Fits with the same likelihood, measure, number of
studies, prior families and kind of random effects differ only in numbers, and every number is data. Fast-math is off
in every compilation: with it the same seed gives other draws after a cold than after a warm start.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import nutpie
import pytensor

from mutau.requests import ModelRequest
from mutau.sampling.distributions import prior_shape
from mutau.sampling.graph import build_model, has_t_effects, model_values, support_width

__all__ = ["TemplateKey", "compilations", "compiled", "no_fastmath"]


@dataclass(frozen=True, slots=True)
class TemplateKey:
    """What two fits must share to share a compiled model.

    Parameters
    ----------
    likelihood : str
        Name of the likelihood.
    k : int
        Number of studies.
    mu_family, tau_family : str
        Families of the two priors, of a mixture with its number of components.
    measure : str
        Which link joins theta to the arms.
    t_effects : bool
        Whether the random effects are Student's t.
    width : int
        Width of the padded supports of the hypergeometric likelihood; 0 for others.
    """

    likelihood: str
    k: int
    mu_family: str
    tau_family: str
    measure: str = "GEN"
    t_effects: bool = False
    width: int = 0


_templates: dict[TemplateKey, Any] = {}
_counts: dict[TemplateKey, int] = {}
_lock = threading.Lock()


def no_fastmath() -> Any:
    """Context in which PyTensor compiles without fast-math."""
    return pytensor.config.change_flags(numba__fastmath=False)


def compilations() -> dict[TemplateKey, int]:
    """How often each template was compiled in this process (1, always)."""
    return dict(_counts)


def compiled(request: ModelRequest) -> Any:
    """Give the compiled nutpie model of a request, compiling only if its shape is new.

    Lengths are checked here, because nutpie accepts data of another length and fails later, and the first
    template is built from float64 columns, because nutpie casts later data to the first data's type.
    """
    columns = {name: np.ascontiguousarray(column, np.float64) for name, column in request.data.items()}
    k = len(request.study)
    wrong = {name: column.shape for name, column in columns.items() if column.shape != (k,)}
    if wrong:
        raise ValueError(f"every data column must have shape ({k},), one value per study; got {wrong}")
    request = replace(request, data=columns)
    families = prior_shape(request.mu_prior), prior_shape(request.tau_prior)
    key = TemplateKey(
        request.likelihood, k, *families, request.measure, has_t_effects(request), support_width(request)
    )
    with _lock:
        if key not in _templates:
            with no_fastmath():
                _templates[key] = nutpie.compile_pymc_model(build_model(request))
            _counts[key] = _counts.get(key, 0) + 1
        return _templates[key].with_data(**model_values(request))
