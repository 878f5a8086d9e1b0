"""How probable benefit, harm and an effect that matters are, what to do under a stated loss, and on what it leans."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.comparing import fit_alternatives
from mutau.decisions.expectations import Mean, expectation, probability_between
from mutau.decisions.ropes import Rope, rope_of
from mutau.stakes import ACTIONS, Loss
from mutau.summaries import effect_moment_exists

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["Importance", "importance"]

_QUANTITIES = ("mu", "theta_new")


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """Whether an effect matters, and what to do. Made by `importance`.

    Parameters
    ----------
    rope : Rope
        The minimal important differences.
    loss : Loss
        The stated loss.
    chances : DataFrame
        One row for each prior of tau, quantity (mu, theta_new) and statement: ``prior_label``, ``quantity``,
        ``statement``, ``label``, ``probability``, ``mcse``, ``tau_prior``, ``mu_prior``, ``likelihood``, ``note``.
        Statements: benefit, harm, important benefit, unimportant, important harm (the three-way ROPE; they sum
        to 1), worthwhile.
    losses : DataFrame
        One row for each prior and quantity: ``loss_use``, ``loss_not`` (expected losses), ``mcse_use``,
        ``mcse_not``, ``action``, ``margin`` (what the other action loses more), ``note``.
    """

    rope: Rope
    loss: Loss
    chances: pd.DataFrame = field(repr=False)
    losses: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give `chances`."""
        return self.chances.copy()

    @property
    def actions(self) -> dict[str, tuple[str, ...]]:
        """The actions that the priors lead to, by quantity: both where the answer leans on the prior."""
        return {
            str(quantity): tuple(dict.fromkeys(action for action in rows["action"] if action))
            for quantity, rows in self.losses.groupby("quantity", sort=False)
        }


def importance(
    fit: Fit,
    *,
    mid: float | tuple[float, float] | None = None,
    loss: Loss | None = None,
    alternatives: Mapping[str, Fit] | None = None,
) -> Importance:
    """Give P(benefit), P(harm), P(beyond what matters) and the action of least expected loss, over the priors.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    mid : float or (float, float), optional
        Minimal important differences, natural scale; by default the model's thresholds nearest to no effect.
    loss : Loss, optional
        By default linear, with any benefit worthwhile.
    alternatives : mapping of str to Fit, optional
        The same model under its other priors for tau; by default `mutau.comparing.fit_alternatives` makes them.

    Returns
    -------
    Importance

    Raises
    ------
    ArgumentError
        `mid` or the loss does not fit the measure.

    Notes
    -----
    Every probability is given unbiased trials, the priors and the likelihood named in its row. Exact fits are
    answered by integration; sampled ones from draws, with the Monte Carlo standard error.
    """
    loss = Loss() if loss is None else loss
    rope = rope_of(fit.model, mid)
    loss.on(fit.model)
    fits = {"default": fit, **(fit_alternatives(fit) if alternatives is None else alternatives)}
    chances, losses = [], []
    for label, each in fits.items():
        given = {
            "prior_label": label,
            "tau_prior": each.model.tau_prior.label,
            "mu_prior": each.model.mu_prior.label,
            "likelihood": each.model.likelihood,
        }
        for quantity in _QUANTITIES:
            chances += [row | given for row in _chances(each, quantity, rope, loss)]
            losses.append({"quantity": quantity} | _losses(each, quantity, loss) | given)
    first = ["prior_label", "quantity"]
    frames = (pd.DataFrame(rows) for rows in (chances, losses))
    return Importance(
        rope, loss, *(frame[[*first, *frame.columns.difference(first, sort=False)]] for frame in frames)
    )


def _chances(fit: Fit, quantity: str, rope: Rope, loss: Loss) -> list[dict[str, Any]]:
    measure, sign = fit.model.measure_record, fit.model.benefit_sign
    marginal = fit.marginal(quantity)

    def towards(side: int, bound: float) -> Mean:
        ends = (bound, math.inf) if side > 0 else (-math.inf, bound)
        return probability_between(marginal, *ends)

    def words(side: int, natural: float) -> str:
        return f"{measure.code} {'>' if side > 0 else '<'} {natural:g}"

    null = measure.null_natural
    worth = loss.on(fit.model).at
    asked = [
        ("benefit", words(sign, null), towards(sign, measure.null)),
        ("harm", words(-sign, null), towards(-sign, measure.null)),
        ("worthwhile", words(sign, float(measure.to_natural(worth))), towards(sign, worth)),
    ]
    note = ""
    if rope.is_known:
        good, bad = (float(measure.to_analysis(np.float64(end))) for end in (rope.benefit, rope.harm))
        low, high = sorted((rope.benefit, rope.harm))
        asked[2:2] = [
            ("important benefit", words(sign, rope.benefit), towards(sign, good)),
            (
                "unimportant",
                f"{measure.code} {low:g} to {high:g}",
                probability_between(marginal, *sorted((good, bad))),
            ),
            ("important harm", words(-sign, rope.harm), towards(-sign, bad)),
        ]
    else:
        note = str(rope)
        asked[2:2] = [
            (name, "", Mean(math.nan, math.nan))
            for name in ("important benefit", "unimportant", "important harm")
        ]
    return [
        {
            "quantity": quantity,
            "statement": name,
            "label": label,
            "probability": chance.value,
            "mcse": chance.mcse,
            "note": note if math.isnan(chance.value) else "",
        }
        for name, label, chance in asked
    ]


def _losses(fit: Fit, quantity: str, loss: Loss) -> dict[str, Any]:
    exists = effect_moment_exists(fit.model, quantity, 1, fit.k)
    if loss.power and not exists.exists:
        nothing = dict.fromkeys(("loss_use", "mcse_use", "loss_not", "mcse_not", "margin"), math.nan)
        return nothing | {"action": "", "note": f"expected loss: {exists.reason}"}
    scale = loss.on(fit.model)
    use, withhold = (
        expectation(fit, quantity, partial(scale, action=action), [scale.at]) for action in ACTIONS
    )
    return {
        "loss_use": use.value,
        "mcse_use": use.mcse,
        "loss_not": withhold.value,
        "mcse_not": withhold.mcse,
        "margin": abs(use.value - withhold.value),
        "action": ACTIONS[0] if use.value < withhold.value else ACTIONS[1],
        "note": "",
    }
