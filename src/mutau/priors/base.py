"""What every prior is: frozen data with a density, a distribution function and its inverse.

A family derives from `Prior`, declares its parameters as dataclass fields with one `Rule` each, and writes
the formulas for the inside of its support (``_logpdf``, ``_cdf``, ``_sf``, ``_ppf``). The edges of the
support, NaN, scalars and improper priors are handled here, once.
"""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mutau.errors import ArgumentError, Fault
from mutau.priors.origin import Origin
from mutau.priors.writing import format_parameter

__all__ = [
    "FINITE",
    "FINITE_OR_INF",
    "POSITIVE",
    "FloatArray",
    "Prior",
    "Rule",
    "optional_parameters",
    "parameter_names",
]

type FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for one parameter.

    Parameters
    ----------
    holds : callable
        Takes the value (a float; of a tuple, each of its entries), says whether it is allowed.
    text : str
        The rule in words, to follow "must be".
    """

    holds: Callable[[float], bool]
    text: str


FINITE = Rule(math.isfinite, "a finite number")
POSITIVE = Rule(lambda value: math.isfinite(value) and value > 0, "a finite number above 0")
FINITE_OR_INF = Rule(lambda value: value > -math.inf, "a finite number or inf")


def parameter_names(family: type[Prior]) -> tuple[str, ...]:
    """Name the parameters of a family, in the order of the call."""
    return tuple(item.name for item in fields(cast("Any", family)) if item.compare)


def optional_parameters(family: type[Prior]) -> tuple[str, ...]:
    """Name the parameters of a family that may be left out."""
    return tuple(
        item.name for item in fields(cast("Any", family)) if item.compare and item.default is not MISSING
    )


@dataclass(frozen=True, slots=True)
class Prior(ABC):
    r"""A prior distribution of one real quantity, on the analysis scale.

    Not made directly: make one of the families, such as `mutau.priors.Normal`. Every prior is frozen,
    compares by its parameters, and prints as a call that `mutau.priors.parse_prior` reads back.

    Parameters
    ----------
    origin : Origin, optional
        Where a published prior comes from. It is shown in `label` and is no part of the distribution: priors with
        equal parameters are equal, and ``scaled`` gives a prior without it.

    Attributes
    ----------
    mean, sd : float
        Mean and standard deviation; NaN where the integral that defines them does not converge.

    Notes
    -----
    ``logpdf``, ``pdf``, ``cdf``, ``sf`` and ``ppf`` take a number or an array of any shape and return a
    float or a float64 array of that shape. NaN gives NaN. Outside the support the density is 0 and its
    logarithm ``-inf``. The upper tail probability ``sf`` is computed by itself, never as ``1 - cdf``.

    The density of an improper prior (`is_proper` is False) has no constant of its own (a flat one has log density 0
    on its support); ``cdf``, ``sf``, ``ppf`` and ``sample`` do not exist for it and raise
    `mutau.errors.ArgumentError`.
    """

    origin: Origin | None = field(default=None, kw_only=True, compare=False, repr=False)

    _rules: ClassVar[Mapping[str, Rule]] = {}
    _edges_have_density: ClassVar[bool] = True  # False: the support is open at its finite ends
    _vectors: ClassVar[frozenset[str]] = frozenset()  # parameters that are tuples; their rule is an entry's
    _may_be_empty: ClassVar[frozenset[str]] = frozenset()  # those of them that may have no entry
    _mirrors: ClassVar[bool] = False  # True: -x belongs to the same family, so a negative factor may scale it

    if TYPE_CHECKING:
        # Not defined at run time: the dataclass fields `mean`, `sd` of `Normal` would take them as defaults.
        @property
        def mean(self) -> float:
            """Mean; NaN where it does not exist."""

        @property
        def sd(self) -> float:
            """Standard deviation; NaN where it does not exist."""

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        for name in self.parameters:
            given: object = getattr(self, name)
            entries = _as_floats(given) if name in self._vectors else (_as_float(given),)
            values = [each for each in entries if each is not None and self._rules[name].holds(each)]
            none = not entries and not (name in self._may_be_empty and given in ((), []))
            if none or len(values) < len(entries):
                faults.append(self._fault(name, given))
                continue
            values = [each + 0.0 for each in values]  # + 0.0 turns -0.0 into 0.0
            object.__setattr__(self, name, tuple(values) if name in self._vectors else values[0])
        if not faults:
            faults.extend(self._joint_faults())
        if faults:
            raise ArgumentError(faults)

    def _fault(self, name: str, given: object) -> Fault:
        each = "a tuple, each entry " if name in self._vectors else ""
        return Fault(
            what=f"{self.family}: {name} = {given!r}",
            rule=f"{name} must be {each}{self._rules[name].text}",
            remedy=f"Give {self.family}({', '.join(self.parameters)}) with another {name}",
        )

    def _joint_faults(self) -> Sequence[Fault]:
        """Faults of the parameters together, asked only when each is right by itself."""
        return ()

    # What a family writes

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Lower and upper end of where the density is positive; may be infinite."""

    @property
    @abstractmethod
    def tail_exponent(self) -> float:
        r"""The power :math:`a` with which the density falls, :math:`p(x) \sim x^{-a}` as x grows.

        Infinite where the density falls faster than every power (or the support is bounded), 0 for a flat
        prior. A log-t density has 1: it falls like :math:`x^{-1}` times a power of :math:`1/\log x`.
        """

    @property
    @abstractmethod
    def _label(self) -> str:
        """The distribution in a table's words: ``"half-normal(0.5)"``."""

    @abstractmethod
    def _logpdf(self, x: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _cdf(self, x: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _sf(self, x: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _ppf(self, p: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray: ...

    @abstractmethod
    def _scaled(self, factor: float) -> Self: ...

    # What every prior answers

    @property
    def family(self) -> str:
        """Name of the family: ``"HalfNormal"``."""
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by name, in the order of the call: each a float, of a mixture a tuple of floats."""
        return {name: getattr(self, name) for name in parameter_names(type(self))}

    @property
    def label(self) -> str:
        """The prior in a table's words, a published one with its name: ``"half-normal(0.5)"``."""
        return _with_origin(self._label, self.origin)

    @property
    def short_label(self) -> str:
        """The same without the name of a published prior, for a figure."""
        return _with_origin(self._label, self.origin and self.origin.remark)

    def of(self, parameter: str) -> str:
        """Name the prior in a sentence: ``"the half-normal(0.5) prior of tau"``.

        Parameters
        ----------
        parameter : str
            What it is the prior of, such as ``"tau"``.
        """
        return f"the {self.label} prior of {parameter}"

    @property
    def stated(self) -> str:
        """The prior as a call, a published one with its name, for a record: ``"HalfNormal(0.5)"``."""
        return _with_origin(str(self), self.origin)

    @property
    def is_proper(self) -> bool:
        """Whether the density integrates to 1."""
        return True

    @property
    def is_point(self) -> bool:
        """Whether all probability lies on one value."""
        return False

    @property
    def is_pending(self) -> bool:
        """Whether it is made from the studies' standard errors, and has none yet: see `given`."""
        return False

    def given(self, sei: ArrayLike) -> Self:  # noqa: ARG002
        """Give the prior for studies with these standard errors: itself, where it does not depend on them.

        Parameters
        ----------
        sei : array_like, shape (k,)
            Standard errors, analysis scale.
        """
        return self

    def __str__(self) -> str:
        return f"{self.family}({', '.join(map(format_parameter, self.parameters.values()))})"

    @overload
    def logpdf(self, x: float) -> float: ...
    @overload
    def logpdf(self, x: Sequence[float] | NDArray[Any]) -> FloatArray: ...
    def logpdf(self, x: float | Sequence[float] | NDArray[Any]) -> float | FloatArray:
        """Natural log of the density at `x`; ``-inf`` outside the support, 0 on it for an improper prior."""
        at = np.asarray(x, dtype=np.float64)
        low, high = self.support
        inside = (at >= low) & (at <= high) if self._edges_have_density else (at > low) & (at < high)
        with np.errstate(all="ignore"):
            out = np.where(inside & np.isfinite(at), self._logpdf(at), -np.inf)
        return _like(x, np.where(np.isnan(at), np.nan, out))

    @overload
    def pdf(self, x: float) -> float: ...
    @overload
    def pdf(self, x: Sequence[float] | NDArray[Any]) -> FloatArray: ...
    def pdf(self, x: float | Sequence[float] | NDArray[Any]) -> float | FloatArray:
        """Density at `x`; 0 outside the support."""
        with np.errstate(all="ignore"):
            return _like(x, np.exp(np.asarray(self.logpdf(np.asarray(x, dtype=np.float64)))))

    @overload
    def cdf(self, x: float) -> float: ...
    @overload
    def cdf(self, x: Sequence[float] | NDArray[Any]) -> FloatArray: ...
    def cdf(self, x: float | Sequence[float] | NDArray[Any]) -> float | FloatArray:
        """Probability of a value of at most `x`.

        Raises
        ------
        mutau.errors.ArgumentError
            The prior is improper.
        """
        self._require_proper("a distribution function")
        at = np.asarray(x, dtype=np.float64)
        low, high = self.support
        with np.errstate(all="ignore"):
            out = np.where(at >= high, 1.0, np.where(at <= low, 0.0, self._cdf(at)))
        return _like(x, np.where(np.isnan(at), np.nan, out))

    @overload
    def sf(self, x: float) -> float: ...
    @overload
    def sf(self, x: Sequence[float] | NDArray[Any]) -> FloatArray: ...
    def sf(self, x: float | Sequence[float] | NDArray[Any]) -> float | FloatArray:
        """Probability of a value above `x`, accurate far into the upper tail.

        Raises
        ------
        mutau.errors.ArgumentError
            The prior is improper.
        """
        self._require_proper("a tail probability")
        at = np.asarray(x, dtype=np.float64)
        low, high = self.support
        with np.errstate(all="ignore"):
            out = np.where(at >= high, 0.0, np.where(at <= low, 1.0, self._sf(at)))
        return _like(x, np.where(np.isnan(at), np.nan, out))

    @overload
    def ppf(self, p: float) -> float: ...
    @overload
    def ppf(self, p: Sequence[float] | NDArray[Any]) -> FloatArray: ...
    def ppf(self, p: float | Sequence[float] | NDArray[Any]) -> float | FloatArray:
        """Quantile: the value with probability `p` below it.

        The ends of the support at 0 and 1, NaN for `p` outside [0, 1], infinite where the quantile is larger
        than the largest double.

        Raises
        ------
        mutau.errors.ArgumentError
            The prior is improper.
        """
        self._require_proper("quantiles")
        at = np.asarray(p, dtype=np.float64)
        low, high = self.support
        with np.errstate(all="ignore"):
            out = np.where(at == 1.0, high, np.where(at == 0.0, low, self._ppf(at)))
        return _like(p, np.where((at >= 0.0) & (at <= 1.0), out, np.nan))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        """Draw independent values.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.
        size : int or tuple of int
            Shape of the result.

        Raises
        ------
        mutau.errors.ArgumentError
            The prior is improper.
        """
        self._require_proper("random draws")
        with np.errstate(all="ignore"):
            return np.asarray(self._sample(rng, size), dtype=np.float64)

    def scaled(self, factor: float) -> Self:
        """Give the prior of ``factor * x``, where x has this prior.

        Parameters
        ----------
        factor : float
            Finite and above 0; families on the whole real line, `Uniform` and `PointMass` also take a
            negative one.

        Returns
        -------
        Prior
            Of the same family, exactly (not an approximation by moments).

        Raises
        ------
        mutau.errors.ArgumentError
            The factor is 0, not finite, or negative for a family of positive values.
        """
        value = _as_float(factor)
        rule = "a finite number other than 0" if self._mirrors else "a finite number above 0"
        if value is None or not math.isfinite(value) or value == 0 or (value < 0 and not self._mirrors):
            raise ArgumentError(
                Fault(
                    what=f"{self}.scaled({factor!r})",
                    rule=f"The factor must be {rule}",
                    remedy="Give the ratio of the new unit to the old one",
                )
            )
        return self._scaled(value)

    def for_measure(self, measure: str, *, across_scales: bool = False) -> Self:
        """Give the prior for an effect measure, with that written on its origin.

        Parameters
        ----------
        measure : str
            Code of the measure it is to be used for.
        across_scales : bool
            The explicit word: use it although it was published or stated for another measure.

        Returns
        -------
        Prior
            The same distribution. A prior without an `origin` was stated for no measure, and stays as it is.

        Raises
        ------
        mutau.errors.ArgumentError
            It was published or stated for another measure and `across_scales` is False, or the measure is MD.
        """
        return (
            self if self.origin is None else replace(self, origin=self.origin.crossed(measure, across_scales))
        )

    def _require_proper(self, wanted: str) -> None:
        if not self.is_proper:
            raise ArgumentError(
                Fault(
                    what=f"{self} has been asked for {wanted}",
                    rule="It is improper: its density does not integrate to 1, so it gives no probabilities",
                    remedy="Use a proper prior, such as Normal(0, 2.82) for mu or HalfNormal(0.5) for tau",
                )
            )


def _with_origin(text: str, origin: object) -> str:
    return f"{text} [{origin}]" if origin else text


def _as_float(given: object) -> float | None:
    """The number as a float, None for anything else (a truth value is not a number here)."""
    if isinstance(given, bool | np.bool_) or not isinstance(given, numbers.Real):
        return None
    try:
        return float(given)
    except OverflowError:
        return math.inf


def _as_floats(given: object) -> tuple[float | None, ...]:
    """The entries of a sequence as floats, None for what is no number; empty for what is no sequence."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    return tuple(map(_as_float, given)) if isinstance(given, list | tuple) else ()


def _like(given: object, values: FloatArray) -> float | FloatArray:
    """A float for a scalar, the array for an array."""
    return float(values) if np.ndim(cast("Any", given)) == 0 else values
