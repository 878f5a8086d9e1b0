"""Further printed figures: BCG by every road, prediction intervals, Sidik and Jonkman's, asymmetry, effect sizes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import diagnostics, effects, exact, pool, priors
from mutau.classic import inverse_variance, mantel_haenszel, peto

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = json.loads((REFERENCE / "estimators.json").read_text())
COUNTS = json.loads((REFERENCE / "metafor_tight.json").read_text())["bcg"]["counts"]

FOUR_DECIMALS = 0.00005 + 1e-9  # half a unit of the last digit printed
FIVE_DECIMALS = 0.000005 + 1e-9
THREE_DECIMALS = 0.0005 + 1e-9
DEFAULT_THRESHOLD = 0.0001  # metafor's default stops at a change of 1e-5 in tau2
PIMETA_REML = 0.00005  # pimeta 1.1.3 and meta 8.4.0 end their REML at a looser threshold
BOOTSTRAP = 0.02  # three Monte Carlo standard errors of a limit from 25,000 draws

quiet = pytest.mark.filterwarnings("ignore::mutau.errors.ApproximationWarning")


def arrays(name):
    return np.array(DATA[name]["yi"]), np.array(DATA[name]["vi"])


def limits(result, what=""):
    return [getattr(result, what + "lower"), getattr(result, what + "upper")]


@pytest.mark.parametrize(
    ("tau2", "printed"),
    [("REML", [-1.10844, -0.32062]), ("DL", [-1.10782, -0.32041]), ("PM", [-1.10910, -0.32084])],
)
def test_bcg_hartung_knapp(tau2, printed):
    """metafor 5.1.12; the ad hoc interval is the same, as q is above 1."""
    for ci in ("HK", "HK-adhoc"):
        assert limits(inverse_variance(*arrays("bcg_rr"), tau2=tau2, ci=ci)) == pytest.approx(
            printed, abs=DEFAULT_THRESHOLD / 5
        )
    if tau2 == "REML":
        result = inverse_variance(*arrays("bcg_rr"), ci="HK")
        assert result.se == pytest.approx(0.18079, abs=FIVE_DECIMALS)
        wald = inverse_variance(*arrays("bcg_rr"))
        assert wald.tau2_se == pytest.approx(0.1664, abs=FOUR_DECIMALS)


@pytest.mark.parametrize(
    ("prediction", "printed"),
    [
        ("normal", [-1.86669, 0.43763]),
        ("HTS", [-2.00838, 0.57931]),
        ("HK", [-1.99602, 0.56695]),
        ("HK(k-2)", [-2.00906, 0.57999]),
    ],
)
def test_bcg_prediction_intervals(prediction, printed):
    """metafor 5.1.12 (z; Riley, t on k - 2; Hartung-Knapp with k - 1 and k - 2)."""
    result = inverse_variance(*arrays("bcg_rr"), ci="HK", prediction=prediction)
    assert limits(result, "prediction_") == pytest.approx(printed, abs=FIVE_DECIMALS)


def test_bcg_odds_ratios():
    """metafor's comparison with Stata's metan: common effect, DerSimonian-Laird, Mantel-Haenszel, Peto."""
    assert inverse_variance(*arrays("bcg_or"), tau2="CE").estimate == pytest.approx(
        -0.4361, abs=FOUR_DECIMALS
    )
    dl = inverse_variance(*arrays("bcg_or"), tau2="DL")
    assert [dl.estimate, *limits(dl), dl.tau2] == pytest.approx(
        [-0.7474, -1.1242, -0.3706, 0.3663], abs=FOUR_DECIMALS
    )
    one_step = peto(**COUNTS)
    assert [one_step.estimate, *limits(one_step), one_step.q] == pytest.approx(
        [-0.4744, -0.5541, -0.3948, 167.7302], abs=FOUR_DECIMALS
    )
    assert mantel_haenszel(**COUNTS, measure="OR").estimate == pytest.approx(-0.4734, abs=FOUR_DECIMALS)


@quiet
def test_bcg_small_study_effects():
    """metafor's regtest (mixed model and lm), ranktest and trimfill (L0, R0)."""
    yi, vi = arrays("bcg_rr")
    mixed, classic = (diagnostics.egger(yi=yi, vi=vi, model=model) for model in ("rma", "lm"))
    assert [mixed.statistic, mixed.p_value] == pytest.approx([-0.80333, 0.4218], abs=DEFAULT_THRESHOLD)
    assert [classic.statistic, classic.df, classic.p_value] == pytest.approx(
        [-1.40128, 11, 0.18871], abs=FIVE_DECIMALS
    )
    rank = diagnostics.begg(yi=yi, vi=vi)
    assert [rank.statistic, rank.p_value] == pytest.approx([0.02564, 0.9524], abs=FOUR_DECIMALS)
    filled = diagnostics.trim_and_fill(yi=yi, vi=vi, estimator="L0")
    assert filled.k0 == 1
    assert [filled.pooled.estimate, filled.pooled.tau2] == pytest.approx(
        [-0.65708, 0.33129], abs=DEFAULT_THRESHOLD / 2
    )
    assert diagnostics.trim_and_fill(yi=yi, vi=vi, estimator="R0").k0 == 0


def test_sidik_jonkmans_interval_of_collins():
    """Viechtbauer (2007), doi:10.1002/sim.2514, table II: [0.2082, 1.6748]."""
    result = inverse_variance(*arrays("collins1985b"), tau2="SJ", tau2_ci="SJ")
    assert limits(result, "tau2_") == pytest.approx([0.2082, 1.6748], abs=FOUR_DECIMALS)


def test_pimeta_blood_pressure():
    """The vignette's interval of the mean is t on k - 1; REML's tau2."""
    yi, vi = arrays("sbp")
    result = inverse_variance(yi, vi, tau2="DL", ci="t")
    assert limits(result) == pytest.approx([-0.5068, -0.1613], abs=FOUR_DECIMALS)
    assert inverse_variance(yi, vi).tau2 == pytest.approx(0.06995, abs=PIMETA_REML)


PAIN_YI = [-1.07, 0.18, -0.88, 0, -0.19, -0.45, -0.53, -0.21, -0.22, -0.71, -0.25]
PAIN_YI += [-1.03, -0.26, -0.33, -0.53, -0.23, -0.16, -0.31, -0.47, -1.63, -0.36, -0.73]
PAIN_SEI = [0.336740882, 0.311230209, 0.346945151, 0.423477169, 0.219391786, 0.341843016, 0.137757633]
PAIN_SEI += [0.142859768, 0.112246961, 0.311230209, 0.255106728, 0.270413132, 0.255106728, 0.117349095]
PAIN_SEI += [
    0.132655499,
    0.260208863,
    0.540826264,
    0.142859768,
    0.214289652,
    0.367353689,
    0.29082167,
    0.326536612,
]


@pytest.mark.parametrize(
    ("tau2", "ci", "prediction", "printed", "mean", "tolerance"),
    [
        ("DL", "t", "HTS", [-0.8362369, -0.0186494], [-0.5603742, -0.2945121], 1e-7),
        ("REML", "HK", "HK(k-2)", [-0.7784326, -0.0644784], [-0.5636031, -0.2793079], 2 * PIMETA_REML),
        ("REML", "KR", "KR(df-1)", [-0.7855500, -0.0573610], [-0.5521528, -0.2907583], 2 * PIMETA_REML),
        ("DL", "t", "NNF", [-0.8966896, 0.0088703], [-0.5603742, -0.2945121], BOOTSTRAP),
    ],
)
def test_pimeta_pain(tau2, ci, prediction, printed, mean, tolerance):
    """Antidepressants for fibromyalgia, 22 trials, pimeta 1.1.3 (NNF: its interval of the mean is a bootstrap's)."""
    result = pool(yi=PAIN_YI, sei=PAIN_SEI, tau2=tau2, ci=ci, prediction=prediction)
    assert limits(result, "prediction_") == pytest.approx(printed, abs=tolerance)
    assert limits(result) == pytest.approx(mean, abs=tolerance)


CISAPRIDE = pd.DataFrame(
    {
        "ai": [15, 12, 29, 42, 14, 44, 14, 29, 10, 17, 38, 19, 21],
        "n1i": [16, 16, 34, 56, 22, 54, 17, 58, 14, 26, 44, 29, 38],
        "ci": [9, 1, 18, 31, 6, 17, 7, 23, 3, 6, 12, 22, 19],
        "n2i": [16, 16, 34, 56, 22, 55, 15, 58, 15, 27, 45, 30, 38],
    }
)


@pytest.mark.filterwarnings("ignore::mutau.errors.DataWarning")
def test_pimeta_cisapride():
    """Hartung and Knapp (2001), 13 trials; pimeta's vignette adds 1/2 to all cells of all trials."""
    result = pool(CISAPRIDE, measure="OR", tau2="DL", ci="wald", prediction="NNF", add=0.5, to="all")
    assert math.exp(result.estimate) == pytest.approx(4.141, abs=THREE_DECIMALS)
    assert result.tau2 == pytest.approx(0.718, abs=THREE_DECIMALS)
    assert limits(result, "prediction_") == pytest.approx([math.log(0.533), math.log(33.692)], abs=BOOTSTRAP)


@pytest.mark.parametrize(
    ("prediction", "printed"),
    [
        ("t(k-1)", [-0.42742, 0.18283]),
        ("HTS", [-0.44284, 0.19825]),
        ("HK", [-0.42226, 0.17768]),
        ("HK(k-2)", [-0.43743, 0.19284]),
    ],
)
def test_fleiss_1993_prediction_intervals(prediction, printed):
    """R meta 8.4.0: 'V', 'HTS', 'HK', 'HK-PR' of aspirin after myocardial infarction."""
    result = inverse_variance(*arrays("fleiss1993"), ci="HK", prediction=prediction)
    assert limits(result, "prediction_") == pytest.approx(printed, abs=PIMETA_REML)


@pytest.mark.parametrize(("measure", "yi"), [("CVR", 0.0014), ("VR", -0.3087)])
def test_variability_of_normand_1999(measure, yi):
    """metafor's tests of escalc, first trial."""
    data = json.loads((REFERENCE / "effect_sizes.json").read_text())[f"{measure}_normand1999"]["data"]
    assert effects(pd.DataFrame(data), measure)["yi"][0] == pytest.approx(yi, abs=FOUR_DECIMALS)


def test_standardised_change_of_unequal_spread():
    """metafor's tests of escalc: SMCRH 0.7210."""
    cells = {"m1i": [26], "sd1i": [30**0.5], "m2i": [22], "sd2i": [20**0.5], "ri": [0.7], "ni": [60]}
    assert effects(pd.DataFrame(cells), "SMCRH")["yi"][0] == pytest.approx(0.7210, abs=FOUR_DECIMALS)


def test_bcg_by_bayesmeta():
    """bayesmeta 3.4; its grid leaves 0.4% of a posterior SD in limits, 3% in tail probabilities."""
    yi, vi = arrays("bcg_rr")
    posterior = exact.normal(yi, np.sqrt(vi), mu=priors.Normal(0, 4), tau=priors.HalfNormal(0.5))
    sd = posterior.mu.sd
    assert posterior.mu.quantile(0.5) == pytest.approx(-0.70761, abs=0.004 * sd)
    assert posterior.tau.quantile(0.5) == pytest.approx(0.55361, abs=0.004 * posterior.tau.sd)
    assert posterior.mu.sf(0) == pytest.approx(0.000398, rel=0.035)
    shortest = {"mu": (-1.08551, -0.34162), "tau": (0.32005, 0.85858), "theta_new": (-1.95432, 0.52486)}
    for name, printed in shortest.items():
        marginal = getattr(posterior, name)
        interval = marginal.hdi()
        assert (interval.lower, interval.upper) == pytest.approx(printed, abs=0.02 * marginal.sd), (
            name
        )  # flat there


def test_bcg_averaged_over_models():
    """JASP's and our own quadrature: both nulls under fixed effects, random effects with and without an effect."""
    yi, vi = arrays("bcg_rr")
    sei, mu, tau = np.sqrt(vi), priors.Cauchy(0, 0.707), priors.InverseGamma(1, 0.15)
    logs = [
        exact.normal(yi, sei, mu=mean, tau=spread).log_marginal
        for spread in (priors.PointMass(0), tau)
        for mean in (priors.PointMass(0), mu)
    ]
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    assert weights[2:] == pytest.approx([0.02233, 0.97767], abs=FIVE_DECIMALS)
    assert weights[3] / weights[2] == pytest.approx(43.790, abs=0.0005)
    assert weights[3] / weights[2] == pytest.approx(43.7889, rel=1e-4)  # JASP, by bridge sampling
    assert weights[:2] == pytest.approx([2e-48, 2.3e-25], rel=0.3)
