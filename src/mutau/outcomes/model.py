"""OutcomeModel: everything one analysis is, stated before it is run. Engine-neutral data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mutau.errors import ArgumentError
from mutau.likelihoods import LIKELIHOODS
from mutau.measures import Measure, get_measure
from mutau.outcomes.checks import model_faults
from mutau.outcomes.compared import contrast_words, default_labels
from mutau.outcomes.defaults import DOUBLED, NO_HETEROGENEITY, tau_alternatives
from mutau.outcomes.records import POOLED, Certainty, OtherAnalyses, PublishedResult, Threshold, ZeroCells
from mutau.priors import Prior, default_priors
from mutau.shown import Shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mutau.stakes import Stakes

__all__ = ["OutcomeModel"]

_OF_THE_MEASURE: Any = None
"""Stands for "the measure's default" in a call; what is read from a model is always a Prior."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeModel(Shown):
    """One outcome of a review: which studies, which effect measure, which priors, what counts as a benefit.

    Pure data: it computes nothing. Written as a TOML file it is read by `load_model`.

    Parameters
    ----------
    name : str
        Short name; of a loaded one, the file's name without ``.toml``.
    measure : str
        Effect measure; one of `mutau.MEASURES`. GEN is any ready-made effect, on the scale it is given.
    benefit : {"lower", "higher"}
        Which direction of the effect helps the patient.
    compared_with : float, optional
        Measures of one group only (a proportion, mean or rate), and needed there: the value on the natural scale from
        which a benefit is measured.
    title : str
        What a reader sees; the name if left out.
    data : Path, optional
        Table of studies; None where the studies are handed over in Python.
    where : mapping
        Column and value: the rows of the table that belong to this outcome, as `StudyTable.select` takes
        them.
    comparison, timepoint : str
        For the reader, in words.
    likelihood : {"normal", "binomial", "hypergeometric", "poisson", "pooled"}
        How a study's data arise from its own effect: binomial for RR, OR and RD, hypergeometric (conditional) for OR,
        poisson for IRR, from counts as they are; normal for any measure, from its estimate and standard error;
        pooled where the trials are not known but only the pooled result in `published`, which `mutau.pooled` reads.
    baseline_sd : float
        Standard deviation of each study's baseline under the binomial (log odds product) and the Poisson likelihood
        (sum of the two log rates).
    effects_df : float
        Degrees of freedom of the random effects, at least 1: finite for Student's t with scale tau, infinite for
        normal ones.
    treatment_label, control_label : str
        What the arms are called in tables and on plots; of a change in one sample "after" and "before" if left out.
    outcome_label : str
        What rises or falls with the effect, as words inside a sentence: "secure attachment"; the title in quotation
        marks if left out.
    mu_prior, tau_prior : Prior, optional
        Priors of the mean effect and the between-study SD, on the analysis scale (log for ratios). Left out,
        `mutau.priors.default_priors` of the measure.
    tau_alternatives : tuple of (str, Prior)
        Priors of tau whose answer stands beside the first. ``("doubled", ...)`` and ``("tau = 0", ...)``
        always come first and are filled in: doubled is the wide default where `tau_prior` is the default,
        else the distribution of twice tau. Entries given under these two labels are computed anew.
    thresholds : tuple of Threshold
        Effects that matter in practice, on the natural scale.
    certainty : Certainty, optional
        How certain the evidence was rated, and why.
    published : PublishedResult, optional
        What the review printed.
    sensitivity : OtherAnalyses
        Other ways to analyse the outcome, which `mutau.sensitivity` tries beside those that it knows itself.
    decision : Stakes, optional
        What `mutau.decide` takes as stated: loss, baseline risks, instrument, the next trial's sizes and level.
    zero_cells : ZeroCells
        Rule for studies without events in an arm.
    smd_variance : {"metafor", "RevMan"}
        Which sampling variance an SMD has.
    reference_sd : float, optional
        MD only: a standard deviation of the outcome, in its unit, that turns the default priors of an SMD
        into those of an MD. Stated, not computed from the studies.
    provenance_note : str
        What must be said of the data wherever results are shown.

    Raises
    ------
    ArgumentError
        With every fault found.

    Notes
    -----
    Improper priors are allowed here; whether the posterior exists depends on the number of studies and is
    asked when the model is fitted. So are the standard errors that a prior such as ``priors.Jeffreys()`` is made
    from. A threshold on the side of harm is allowed too: it asks for the
    probability of a harm that matters. One at no effect is refused: that is the one of benefit or harm.

    Examples
    --------
    >>> model = OutcomeModel(name="secure", measure="RR", benefit="higher")
    >>> str(model.tau_prior), [(label, str(prior)) for label, prior in model.tau_alternatives]
    ('HalfNormal(0.5)', [('doubled', 'HalfNormal(1)'), ('tau = 0', 'PointMass(0)')])
    >>> model.benefit_sign
    1
    """

    name: str
    measure: str
    benefit: Literal["lower", "higher"]
    compared_with: float | None = None
    title: str = ""
    data: Path | None = None
    where: Mapping[str, Any] = field(default_factory=dict, hash=False)
    comparison: str = ""
    timepoint: str = ""
    likelihood: str = "normal"
    baseline_sd: float = 10.0
    effects_df: float = math.inf
    treatment_label: str = ""
    control_label: str = ""
    outcome_label: str = ""
    mu_prior: Prior = _OF_THE_MEASURE
    tau_prior: Prior = _OF_THE_MEASURE
    tau_alternatives: tuple[tuple[str, Prior], ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    certainty: Certainty | None = None
    published: PublishedResult | None = None
    sensitivity: OtherAnalyses = field(default_factory=OtherAnalyses)
    decision: Stakes | None = None
    zero_cells: ZeroCells = field(default_factory=ZeroCells)
    smd_variance: Literal["metafor", "RevMan"] = "metafor"
    reference_sd: float | None = None
    provenance_note: str = ""

    def __post_init__(self) -> None:
        faults = model_faults({each.name: getattr(self, each.name) for each in fields(self)})
        if faults:
            raise ArgumentError(faults)
        kind = self.measure_record.scale_kind
        needed = self.mu_prior is None or self.tau_prior is None
        known = kind != "generic" and (kind != "md" or self.reference_sd is not None)
        defaults = default_priors(kind, self.reference_sd) if needed or known else None
        if defaults is not None:
            self._set(mu_prior=self.mu_prior or defaults.mu, tau_prior=self.tau_prior or defaults.tau)
        fixed = tau_alternatives(self.tau_prior, defaults)
        own = tuple(each for each in self.tau_alternatives if each[0] not in {DOUBLED, NO_HETEROGENEITY})
        extra = tuple(each for each in own if each not in fixed)
        if self.zero_cells.add is None:
            self._set(zero_cells=replace(self.zero_cells, add=self.measure_record.default_add))
        treatment, control = default_labels(self.measure_record)
        self._set(
            treatment_label=self.treatment_label or treatment,
            control_label=self.control_label or control,
            title=self.title or self.name,
            data=None if self.data is None else Path(self.data),
            where=dict(self.where),
            tau_alternatives=(*fixed, *extra),
            thresholds=tuple(self.thresholds),
        )

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def given(self, sei: ArrayLike) -> OutcomeModel:
        """Give the model for studies with these standard errors (analysis scale): its priors of tau made of them."""
        alternatives = tuple((label, prior.given(sei)) for label, prior in self.tau_alternatives)
        return replace(self, tau_prior=self.tau_prior.given(sei), tau_alternatives=alternatives)

    @property
    def measure_record(self) -> Measure:
        """The effect measure; a risk difference of the binomial likelihood is analysed as its atanh."""
        record = self.effects_record
        if self.likelihood == "binomial" and record.scale_kind == "rd":
            return replace(record, analysis_scale="atanh")
        return record

    @property
    def effects_record(self) -> Measure:
        """The measure on the scale of the studies' own estimates yi, on which classic pooling works."""
        record = get_measure(self.measure)
        return record if self.compared_with is None else replace(record, compared_with=self.compared_with)

    def contrast(self, word: str = "versus") -> str:
        """Say what is compared with what, inside a sentence; `word` stands between two sides."""
        return contrast_words(self.effects_record, self.treatment_label, self.control_label, word)

    @property
    def is_pooled(self) -> bool:
        """Whether only the pooled result is known, and no trial."""
        return self.likelihood == POOLED

    @property
    def of_counts(self) -> bool:
        """Whether the likelihood is of counts as they are, without any zero-cell rule."""
        return not self.is_pooled and LIKELIHOODS[self.likelihood].of_counts

    @property
    def rated(self) -> Certainty | None:
        """The certainty of evidence: the model's own rating, else the one printed with the published result."""
        published = self.published
        if self.certainty is None and published is not None and published.certainty:
            return Certainty(published.certainty, source=published.source)
        return self.certainty

    @property
    def benefit_sign(self) -> int:
        """+1 where a higher effect helps, -1 where a lower one does."""
        return 1 if self.benefit == "higher" else -1
