"""Tables of agreement beyond the estimators of tau2: effect measures, intervals, counts, diagnostics, asymmetry.

Each table is a dict: row -> column -> worst relative difference. Of vectors the difference is taken relative to the
largest number of the vector, as single entries may be 0 but for rounding.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mutau import diagnostics, effects
from mutau.classic import (
    MIXED_METHODS,
    RegressionResult,
    bivariate_means,
    conditional,
    glmm,
    inverse_variance,
    mantel_haenszel,
    mantel_haenszel_rates,
    meta_regression,
    peto,
    stratified_tests,
)
from mutau.measures import hedges_correction

HERE = Path(__file__).parent
COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
RATES = ("events_treatment", "time_treatment", "events_control", "time_control")
OF_MIXED = {"OR": COUNTS, "IRR": RATES, "PLO": ("events", "n"), "IRLN": ("events", "time")}
READY_MADE = ("HR", "GEN")
"""Measures that compute nothing."""
PARTIAL = {"PCOR": 0, "ZPCOR": -2}
"""What current metafor adds to n less the number of predictors, where 3.8-1 has -1: see DISAGREEMENTS.md."""
BONETT = {"SMDH": (("n1i", "n2i"), 2), "SMCRH": (("ni",), 1)}
"""Sizes of the degrees of freedom of J, whose square 3.8-1 puts into these variances: see DISAGREEMENTS.md."""
NOTHING = 1e-14
"""An effect of 0 is left with the rounding of logarithms; below this neither number is more than that."""

type Rows = dict[str, dict[str, float]]


def load(name: str) -> dict[str, Any]:
    """Read a file of references."""
    content: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return content


def apart(found: object, expected: object) -> float:
    """Worst difference of two vectors relative to the largest expected number; NaN where nothing is expected."""
    ours = np.atleast_1d(np.asarray(found, dtype=float)).ravel()
    theirs = np.array([math.nan if x is None else x for x in np.atleast_1d(expected).ravel()], dtype=float)
    known = np.isfinite(theirs)
    if not known.any():
        return math.nan
    if not np.isfinite(ours[known]).all():
        return math.inf
    size = max(float(np.max(np.abs(theirs[known]))), 1e-300)
    return float(np.max(np.abs(ours[known] - theirs[known]))) / size


def worst(differences: Iterable[float]) -> float:
    """Return the largest that is a number; NaN where there is none."""
    known = [difference for difference in differences if not math.isnan(difference)]
    return max(known) if known else math.nan


def each_apart(found: Any, expected: Any) -> float:
    """Worst relative difference, number by number."""
    pairs = zip(np.atleast_1d(found), np.atleast_1d(expected), strict=True)
    return worst(apart(a, b) for a, b in pairs)


def _effects_apart(found: Any, expected: Any) -> float:
    """The same of effects, which may be 0."""
    something = ~((np.abs(found) < NOTHING) & (np.abs(expected) < NOTHING))
    return each_apart(found[something], expected[something])


def measures() -> Rows:
    """Effects and variances of every measure against escalc, by measure and data set."""
    rows: Rows = {}
    for name, case in load("effect_sizes").items():
        if not (isinstance(case, dict) and "measure" in case):
            continue
        data = name.removeprefix(f"{case['measure']}_").split("_")[0]
        data = "other" if case["vtype"] != "LS" else data
        found = effects(
            pd.DataFrame(case["data"]), case["measure"],
            add=case["add"], to=case["to"], vtype=case["vtype"], announce=False,
        )  # fmt: skip
        yi, vi = (np.array([math.nan if x is None else x for x in case[key]]) for key in ("yi", "vi"))
        if case["measure"] in PARTIAL:
            n, predictors = (np.array(case["data"][letter]) for letter in ("ni", "mi"))
            vi = vi * (n - predictors - 1) / (n - predictors + PARTIAL[case["measure"]])
        if case["measure"] in BONETT:
            letters, less = BONETT[case["measure"]]
            degrees = sum(np.array(case["data"][letter]) for letter in letters) - less
            vi = vi / hedges_correction(degrees) ** 2
        usable = np.isfinite(yi) & (vi > 0)
        differences = (
            _effects_apart(found["yi"].to_numpy()[usable], yi[usable]),
            each_apart(found["vi"].to_numpy()[usable], vi[usable]),
        )
        row = rows.setdefault(case["measure"], {})
        row[data] = worst([row.get(data, math.nan), *differences])
    return rows


def _blocks() -> Iterable[tuple[str, dict[str, Any]]]:
    for name, block in load("metafor_tight").items():
        if name in ("meta", "one_study"):
            continue
        if "fits" in block:
            yield name, block
        yield from ((f"{name} {m}", b) for m, b in block.items() if isinstance(b, dict) and "fits" in b)


CI = {"z": "wald", "knha": "HK", "adhoc": "HK-adhoc"}
CONVENTIONS = {
    "pi_default": {"z": "normal", "knha": "HK", "adhoc": "HK"},
    "pi_riley": {"z": "HTS", "knha": "HK(k-2)", "adhoc": "HK(k-2)"},
    "pi_t": {"z": "t(k-1)", "knha": "HK", "adhoc": "HK"},
}
MEAN = ("estimate", "se", "statistic", "p_value", "lower", "upper", "q", "q_p_value")


def intervals() -> Rows:
    """Means, their intervals and prediction intervals against rma, by data set and interval."""
    rows: Rows = {}
    for name, block in _blocks():
        row = rows.setdefault(name, {})
        for key, expected in block["fits"].items():
            estimator, test = key.split("_")
            tau2 = "CE" if estimator == "EE" else estimator
            asked = {what: by[test] for what, by in CONVENTIONS.items() if what in expected}
            plain = inverse_variance(block["yi"], block["vi"], tau2=tau2, ci=CI[test])
            numbers = [each_apart(getattr(plain, number), expected[number]) for number in MEAN]
            row[CI[test]] = worst([row.get(CI[test], math.nan), *numbers])
            for what, convention in asked.items() if tau2 != "CE" else ():
                result = inverse_variance(
                    block["yi"], block["vi"], tau2=tau2, ci=CI[test], prediction=convention
                )
                limits = [result.prediction_lower, result.prediction_upper]
                column = f"prediction {convention}"
                row[column] = worst([row.get(column, math.nan), apart(limits, expected[what])])
    return rows


def further_intervals() -> Rows:
    """Robust, Henmi-Copas and likelihood intervals of the mean, and the gamma interval of tau2, by data set."""
    effects_of, rows = load("estimators"), {}
    for name, block in load("intervals").items():
        if name == "meta":
            continue
        given = (effects_of[name]["yi"], effects_of[name]["vi"])
        row = rows.setdefault(name, {})
        for method, expected in block["robust"].items():
            for ci, key in (("robust", "robust"), ("robust-HC0", "hc0")):
                one = inverse_variance(*given, tau2={"EE": "CE"}.get(method, method), ci=ci)
                row[ci] = worst(
                    [row.get(ci, math.nan), apart([one.se, one.lower, one.upper], expected[key][:3])]
                )
            one = inverse_variance(*given, tau2={"EE": "CE"}.get(method, method), ci="SJ")
            row["SJ"] = worst([row.get("SJ", math.nan), apart(one.se, expected["cr2"])])
        for ci, tau2 in (("HC", "DL"), ("PL", "ML"), ("BC", "ML")):
            one = inverse_variance(*given, tau2=tau2, ci=ci)
            limits = (1, 3) if ci != "HC" else (2, 4)
            row[ci] = apart([one.lower, one.upper], block[ci][slice(*limits)])
        one = inverse_variance(*given, tau2="DL", tau2_ci="BT")
        row["BT of tau2"] = worst(
            [apart(one.tau2_lower, block["BT"][0]), apart(one.tau2_upper, block["BT"][1])]
        )
    return rows


def counts() -> Rows:
    """What is pooled and tested from counts, by data set."""
    rows: Rows = {}
    for name, block in load("metafor_tight").items():
        if "RR" not in block:
            continue
        row = rows.setdefault(name, {})
        for measure in ("RR", "OR", "RD"):
            expected = block[measure]["MH"]
            result = mantel_haenszel(**block["counts"], measure=measure, drop00=True, rd_variance="Sato")
            numbers = [each_apart(getattr(result, number), expected[number]) for number in MEAN]
            row[f"MH {measure}"] = worst(numbers)
    stored = load("tables")
    for name, block in stored["counts"].items():
        row = rows.setdefault(name, {})
        arms = [block[column] for column in COUNTS]
        tests = stratified_tests(*arms)
        for test in ("cmh", "breslow_day", "tarone"):
            p_value = each_apart(getattr(tests, f"{test}_p_value"), block[f"{test}_p"])
            row[test] = worst([each_apart(getattr(tests, test), block[test]), p_value])
        one_step = peto(*arms)
        row["Peto"] = each_apart(
            [one_step.estimate, one_step.se, one_step.q], [block[n] for n in ("peto", "peto_se", "peto_q")]
        )
        if "estimate" in block:
            result = conditional(*arms)
            row["CMLE"] = each_apart([result.estimate, result.se], [block["estimate"], block["se"]])
    for name, block in stored["rates"].items():
        arms, row = [block[column] for column in RATES], rows.setdefault(name, {})
        result = conditional(*arms, measure="IRR")
        numbers = [result.estimate, result.se, result.q]
        row["CMLE"] = each_apart(numbers, [block[n] for n in ("estimate", "se", "q")])
        for measure in ("IRR", "IRD"):
            result = mantel_haenszel_rates(*arms, measure=measure)
            numbers = [result.estimate, result.se, result.q]
            row[f"MH {measure}"] = each_apart(numbers, block[f"mh_{measure.lower()}"])
    return rows


def mixed() -> Rows:
    """Estimate, standard error and tau2 of the mixed models of counts, by data set."""
    rows: Rows = {}
    for measure, blocks in load("glmm").items():
        if measure not in OF_MIXED:
            continue
        for name, block in blocks.items():
            row = rows.setdefault(name, {})
            arrays = [block[column] for column in OF_MIXED[measure]]
            for method in MIXED_METHODS:
                theirs = block.get(method, {})
                expected = theirs.get("exact") or (
                    theirs.get("ML") if (method, measure) == ("CM.EL", "OR") else None
                )
                if expected:
                    result = glmm(*arrays, measure=measure, method=method)
                    found = [result.estimate, result.se, result.tau2]
                    row[method] = each_apart(
                        found, [expected[number] for number in ("estimate", "se", "tau2")]
                    )
    return rows


def _leave_one_out(given: dict[str, Any], expected: dict[str, Any]) -> float:
    found, theirs = diagnostics.leave_one_out(**given, ci="wald"), expected["leave1out"]
    names = {
        "estimate": "estimate",
        "se": "se",
        "p_value": "pval",
        "lower": "ci.lb",
        "upper": "ci.ub",
        "q": "Q",
    }
    return worst(apart(getattr(found, a), theirs[b]) for a, b in names.items())


def _influence(given: dict[str, Any], expected: dict[str, Any]) -> float:
    found, theirs = diagnostics.influence(**given), expected["influence"]
    names = {"cook_d": "cook.d", "cov_r": "cov.r", "qe_deleted": "QE.del"}
    names |= {name: name for name in ("rstudent", "dffits", "hat", "weight")}
    return worst(apart(getattr(found, a), theirs[b]) for a, b in names.items())


def _baujat(given: dict[str, Any], expected: dict[str, Any]) -> float:
    found = diagnostics.baujat(**given)
    return worst(apart(getattr(found, axis), expected["baujat"][axis]) for axis in "xy")


def _radial(given: dict[str, Any], expected: dict[str, Any]) -> float:
    found = diagnostics.radial(**given)
    return worst(apart(getattr(found, axis), expected["radial"][axis]) for axis in "xz")


def _quantiles(given: dict[str, Any], expected: dict[str, Any]) -> float:
    found = diagnostics.normal_quantiles(**given)
    return worst([apart(found.theoretical, expected["qq"]["x"]), apart(found.sample, expected["qq"]["y"])])


def _gosh(given: dict[str, Any], expected: dict[str, Any]) -> float:
    if "gosh" not in expected:
        return math.nan
    theirs = expected["gosh"]
    order = np.argsort(theirs["incl"])
    found = diagnostics.gosh(**given)
    return worst(apart(getattr(found, name), np.array(theirs[name])[order]) for name in ("estimate", "q"))


def _egger_mixed(given: dict[str, Any], expected: dict[str, Any], sizes: list[float]) -> float:
    found = []
    for predictor, row in expected["regtest"].items():
        result = diagnostics.egger(**given, sizes=sizes, model="rma", predictor=predictor)
        found += [each_apart(getattr(result, n), row[n]) for n in ("estimate", "se", "statistic", "p_value")]
    return worst(found)


def _trim_and_fill(estimator: str) -> Callable[[dict[str, Any], dict[str, Any]], float]:
    def difference(given: dict[str, Any], expected: dict[str, Any]) -> float:
        found = []
        for side, theirs in expected["trimfill"][estimator].items():
            if theirs:
                result = diagnostics.trim_and_fill(**given, estimator=estimator, side=side, ci="wald")
                pooled = result.pooled
                ours = [math.nan] * 2 if pooled is None else [pooled.estimate, pooled.se]
                found += [
                    apart(result.k0 + 1, theirs["k0"] + 1),
                    apart(ours, [theirs["estimate"], theirs["se"]]),
                ]
        return worst(found)

    return difference


OF_EFFECTS = {
    "leave one out": _leave_one_out,
    "influence": _influence,
    "Baujat": _baujat,
    "radial": _radial,
    "quantiles": _quantiles,
    "GOSH": _gosh,
    **{f"trim and fill {name}": _trim_and_fill(name) for name in diagnostics.TRIM_ESTIMATORS},
}
METHODS = {"EE": "CE", "DL": "DL", "REML": "REML"}


def diagnosed() -> Rows:
    """Diagnostics and tests of asymmetry, by data set; the worst of common effect, DerSimonian-Laird and REML."""
    rows: Rows = {}
    stored = load("metafor_diagnostics")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in stored["arrays"].items():
            given = {"yi": data["yi"], "vi": data["vi"]}
            row = rows.setdefault(name, {})
            fits = [(given | {"tau2": tau2}, data[key]) for key, tau2 in METHODS.items()]
            for what, difference in OF_EFFECTS.items():
                row[what] = worst(difference(one, expected) for one, expected in fits)
            row["Egger, mixed"] = worst(_egger_mixed(one, expected, data["ni"]) for one, expected in fits)
            row["Egger"] = worst(
                each_apart(
                    getattr(diagnostics.egger(**given, sizes=data["ni"], predictor=predictor), n), theirs[n]
                )
                for predictor, theirs in data["lm"].items()
                for n in ("statistic", "p_value")
            )
            rank = diagnostics.begg(**given)
            row["Begg"] = each_apart(
                [rank.estimate, rank.p_value], [data["ranktest"][n] for n in ("tau", "p_value")]
            )
        for name, data in stored["counts"].items():
            table = pd.DataFrame({key: value for key, value in data.items() if isinstance(value, list)})
            for test in ("harbord", "peters", "deeks"):
                found = getattr(diagnostics, test)(table)
                rows[name][test.capitalize()] = worst(
                    each_apart(getattr(found, key), theirs) for key, theirs in data[test].items()
                )
    return rows


REGRESSION_CI = {"t": "t", "knha": "HK", "adhoc": "HK-adhoc", "robust": "robust", "white": "robust-HC0"}
OF_COEFFICIENTS = ("estimate", "se", "statistic", "lower", "upper")


def regressions() -> Rows:
    """Meta-regression by data set: estimators of the residual tau2, tests, limits of tau2, predictions."""
    rows: Rows = {}
    for name, block in load("regression").items():
        if name == "meta":
            continue
        row = rows.setdefault(name, {})
        x = np.column_stack(list(block["x"].values()))
        given = (block["yi"], block["vi"], x)
        size = 1e-4 * float(np.mean(block["vi"]))
        for method, theirs in block["fits"].items():
            result = meta_regression(*given, tau2=method)
            row[method] = worst(_regressed_apart(result, theirs, size))
        for key, theirs in block["tests"].items():
            method, test = key.split("_")
            result = meta_regression(*given, tau2=method, ci=REGRESSION_CI[test])
            numbers = [each_apart(getattr(result, n), theirs[n]) for n in OF_COEFFICIENTS]
            column = REGRESSION_CI[test]
            row[column] = worst([row.get(column, math.nan), *numbers])
        for key, theirs in block["intervals"].items():
            kind, method = key.split("_")
            if None not in theirs:
                result = meta_regression(*given, tau2=method, tau2_ci=kind)
                found = apart([result.tau2_lower, result.tau2_upper], theirs[:2])
                row[kind] = worst([row.get(kind, math.nan), found])
        at = np.column_stack(list(block["at"].values()))
        for key, theirs in block["predictions"].items():
            ci, prediction = key.split("_")
            found = meta_regression(*given, ci=ci, prediction=prediction).predict_rows(at)
            row["predictions"] = worst(
                [row.get("predictions", math.nan), *(apart(getattr(found, n), theirs[n]) for n in theirs)]
            )
    return rows


def _regressed_apart(result: RegressionResult, theirs: dict[str, Any], size: float) -> Iterable[float]:
    for n in OF_COEFFICIENTS:
        yield each_apart(getattr(result, n), theirs[n])
    for n in ("tau2", "tau2_se", "i2", "h2", "qe", "log_likelihood", "aic", "bic"):
        if theirs[n] is not None:
            least = size if n.startswith("tau2") else 1.0
            yield abs(getattr(result, n) - theirs[n]) / max(abs(theirs[n]), least)
    if not math.isnan(result.r2):
        yield abs(result.r2 - theirs["r2"]) / max(theirs["r2"], 1.0)


BLUP_TESTS = {"z": "wald", "t": "t", "knha": "HK", "adhoc": "HK-adhoc"}


def study_effects() -> Rows:
    """Empirical Bayes estimates of studies' effects with errors and limits, by data set and estimator of tau2."""
    rows: Rows = {}
    for name, block in load("shrunken").items():
        for key, expected in block.items() if name != "meta" else ():
            if isinstance(expected, dict):
                method, test = key.split("_")
                tau2, row = "CE" if method == "EE" else method, rows.setdefault(name, {})
                found = diagnostics.shrunken(yi=block["yi"], vi=block["vi"], tau2=tau2, ci=BLUP_TESTS[test])
                numbers = [apart(getattr(found, number), values) for number, values in expected.items()]
                row[tau2] = worst([row.get(tau2, math.nan), *numbers])
    return rows


def both_arms() -> Rows:
    """The bivariate model of the log odds of both arms, by data set."""
    rows: Rows = {}
    for name, block in load("bivariate").items():
        if name == "meta":
            continue
        for method in ("ML", "REML"):
            expected = block[method]
            (y_c, y_t), (v_c, v_t) = (np.reshape(block[what], (2, -1)) for what in ("yi", "vi"))
            found = bivariate_means(y_t, v_t, y_c, v_c, method=method)
            errors = np.sqrt(np.array(expected["covariance"])[[0, 3]])
            rows.setdefault(name, {}).update({
                f"means {method}": apart([found.control.estimate, found.treatment.estimate], expected["estimates"]),
                f"errors {method}": apart([found.control.se, found.treatment.se], errors),
                f"log likelihood {method}": apart(found.log_likelihood, expected["log_likelihood"]),
            })  # fmt: skip
            if max(expected["tau2"]) > NOTHING:
                tau2 = [found.tau2_control, found.tau2_treatment]
                rows[name][f"tau2 {method}"] = each_apart(tau2, expected["tau2"])
                rows[name][f"rho {method}"] = apart(found.rho, expected["rho"])
    return rows


FURTHER: dict[str, Callable[[], Rows]] = {
    "Effect measures against escalc": measures,
    "Means, intervals and prediction intervals against rma": intervals,
    "Further intervals against robust, clubSandwich, hc and their formulas in R": further_intervals,
    "Counts and rates against rma.mh, clogit and glm": counts,
    "Meta-regression against rma": regressions,
    "Mixed models of counts against lme4 and rma.glmm": mixed,
    "Diagnostics and small-study effects against metafor and lm": diagnosed,
    "True effects of studies against blup": study_effects,
    "Both arms together against rma.mv": both_arms,
}
"""Tables by their headings."""
