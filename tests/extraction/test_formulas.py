"""Extraction arithmetic against metafor's conv.*(), R, the Cochrane Handbook's and Borenstein's worked examples."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mutau import extraction as ex
from mutau.errors import ArgumentError
from mutau.extraction.errors_of_effects import critical_value
from mutau.extraction.given import Given
from mutau.measures import log_hazard_ratio_from_interval

ROOT = Path(__file__).parents[2]
R = json.loads((ROOT / "tests" / "reference" / "extraction.json").read_text(encoding="utf-8"))
CLOSED_FORM = 1e-12
"""Relative; both programs evaluate the same expression in double precision."""
FIVE = {"min": "minimum", "q1": "q1", "median": "median", "q3": "q3", "max": "maximum"}


def five_numbers():
    data = R["quantiles"]["data"]
    for i, n in enumerate(data["n"]):
        yield i, n, {ours: data[name][i] for name, ours in FIVE.items() if data[name][i] is not None}


@pytest.mark.parametrize(("i", "n", "numbers"), list(five_numbers()))
def test_mean_and_sd_from_quantiles_are_metafors(i, n, numbers):
    for key, mean, sd in (("luo_shi", "luo", "shi"), ("wan_wan", "wan", "wan")):
        want = R["quantiles"][key]
        got = ex.mean_from_quantiles(n, **numbers, method=mean).value
        assert got == pytest.approx(want["mean"][i], rel=CLOSED_FORM)
        assert ex.sd_from_quantiles(n, **numbers, method=sd).value == pytest.approx(
            want["sd"][i], rel=CLOSED_FORM
        )
    test, want = ex.skewness_test(n, **numbers), R["quantiles"]["test"]
    assert test.statistic == pytest.approx(want["statistic"][i], rel=CLOSED_FORM)
    assert test.critical == pytest.approx(want["critical"][i], rel=CLOSED_FORM)
    assert test.skewed == bool(want["skewed"][i])
    said = ex.sd_from_quantiles(n, **numbers).notes[0]
    assert ("do not rely on it" in said) == test.skewed


def columns(table, *names):
    return zip(*(table[name] for name in names), strict=True)


def test_tables_from_odds_ratios_are_metafors():
    names = ("odds_ratio", "n_treatment", "n_control", "events_total", "ai", "ci")
    for effect, n1, n2, total, ai, ci in columns(R["fourfold"], *names):
        if effect == 0:
            with pytest.raises(ArgumentError, match="above 0"):
                ex.events_from_effect(n1, n2, odds_ratio=effect, events_total=total)
            continue
        found = ex.events_from_effect(n1, n2, odds_ratio=effect, events_total=total)
        assert [each.value for each in found.values()] == [ai, ci]


def test_standard_errors_are_metafors_and_rs():
    for lower, upper, level, se in columns(R["ratio"], "lower", "upper", "level", "se"):
        got = ex.se_from_interval(lower, upper, level=level, ratio=True).value
        assert got == pytest.approx(se, rel=CLOSED_FORM)
        same = ex.se_from_interval(math.log(lower), math.log(upper), level=level).value
        assert same == pytest.approx(se, rel=CLOSED_FORM)
    for estimate, p, se in columns(R["wald"], "estimate", "p", "se"):
        assert ex.se_from_p(estimate, p).value == pytest.approx(se, rel=1e-10)  # quantiles of two libraries
    for estimate, p, df, se, quantile in columns(R["student"], "estimate", "p", "df", "se", "quantile"):
        assert ex.se_from_p(estimate, p, df=df).value == pytest.approx(se, rel=1e-10)
        assert ex.se_from_interval(-1, 1, df=df).value == pytest.approx(1 / quantile, rel=1e-10)


def test_combined_groups_are_the_mean_and_sd_of_all_participants():
    want = R["combined"]
    found = ex.combine_groups(want["n"], mean=want["mean"], sd=want["sd"])
    assert found["n"].value == sum(want["n"])
    assert found["mean"].value == pytest.approx(want["mean_of_all"], rel=CLOSED_FORM)
    assert found["sd"].value == pytest.approx(want["sd_of_all"], rel=CLOSED_FORM)
    assert ex.combine_groups([10, 20], events=[3, 4])["events"].value == 7


def test_sd_of_a_change_is_that_of_the_differences():
    want = R["change"]
    frame = ex.change_sds(want["sd_baseline"], want["sd_final"], want["r"])
    np.testing.assert_allclose(frame["value"], want["sd"], rtol=1e-10)  # R's sample has them to rounding
    assert frame["r"].tolist() == want["r"]


def printed(value: float, digits: int) -> float:
    return round(value, digits)


def test_the_handbooks_examples():
    """Cochrane Handbook 6.3.1, 6.5.2.2, 6.5.2.3, 6.5.2.8, 16.4.6.4 (version 5.1) and 23.1.5, to their digits."""
    assert printed(ex.se_from_p(0.03, 0.008).value, 3) == 0.011
    assert printed(ex.sd_from_interval(30.0, 34.2, 25).value, 2) == 5.09
    se = ex.se_from_p(3.8, 0.008, df=45)
    assert printed(3.8 / se.value, 2) == 2.78
    assert printed(se.value, 2) == 1.37
    assert printed(ex.sd_from_difference(1.37, 25, 22).value, 2) == 4.69
    assert printed(ex.sd_from_difference(se, 25, 22).value, 1) == 4.7
    assert printed(ex.correlation_from_sds(6.4, 7.1, 4.5).value, 2) == 0.78
    assert printed(ex.change_sd(2.38, 2.21, 0.68).value / math.sqrt(10), 3) == 0.583
    design = ex.design_effect(0.02, (295 + 330) / 20)
    assert printed(design.value, 3) == 1.605
    counts = [ex.effective_count(count, design) for count in (63, 295, 84, 330)]
    assert [printed(each.value, 1) for each in counts] == [39.3, 183.8, 52.3, 205.6]
    assert counts[0].notes == ("The nearest whole number is 39",)


def test_borensteins_examples():
    """Borenstein et al. (2009), chapter 7, to their digits."""
    found = ex.d_from_log_odds_ratio(0.9069, 0.0676)
    assert [printed(found[name].value, 4) for name in ("yi", "vi")] == [0.5, 0.0205]
    found = ex.log_odds_ratio_from_d(0.5, 0.0205)
    assert [printed(found["yi"].value, 4), printed(found["vi"].value, 3)] == [0.9069, 0.067]
    found = ex.d_from_r(0.5, 0.0058)
    assert [printed(found[name].value, 4) for name in ("yi", "vi")] == [1.1547, 0.055]
    found = ex.r_from_d(1.1547, 0.0550)
    assert [printed(found[name].value, 4) for name in ("yi", "vi")] == [0.5, 0.0058]


def test_unequal_clusters_have_a_larger_design_effect():
    """Eldridge et al. (2006): with the coefficient of variation 0 the usual one; 0.65 adds 0.4225 m ICC."""
    plain = ex.design_effect(0.05, 40).value
    assert ex.design_effect(0.05, 40, cv=0).value == plain
    assert ex.design_effect(0.05, 40, cv=0.65).value == pytest.approx(
        plain + 0.4225 * 40 * 0.05, rel=CLOSED_FORM
    )
    sizes = np.array(
        [10, 30, 80]
    )  # one trial's design effect by its definition, sum n^2 / sum n in place of m
    cv = float(sizes.std() / sizes.mean())
    want = 1 + ((sizes**2).sum() / sizes.sum() - 1) * 0.05
    assert ex.design_effect(0.05, float(sizes.mean()), cv=cv).value == pytest.approx(want, rel=CLOSED_FORM)


effects = {
    "odds_ratio": lambda a, b, c, d: a * d / (b * c),
    "risk_ratio": lambda a, b, c, d: a * (c + d) / ((a + b) * c),
}
effects["risk_difference"] = lambda a, b, c, d: a / (a + b) - c / (c + d)
cells = st.integers(1, 60)


@given(cells, cells, cells, cells, st.sampled_from(sorted(effects)), st.booleans())
def test_a_table_comes_back_from_its_effect(a, b, c, d, kind, by_total):
    effect = effects[kind](a, b, c, d)
    margin = {"events_total": a + c} if by_total else {"events_control": c}
    found = ex.events_from_effect(a + b, c + d, **{kind: effect}, **margin)
    assert found["events_treatment"].value == a
    if by_total:
        assert found["events_control"].value == c


@given(cells, cells, cells, cells, st.sampled_from(sorted(effects)))
def test_every_table_with_the_printed_effect_is_counted(a, b, c, d, kind):
    """By brute force over all tables with these margins."""
    n1, n2, total = a + b, c + d, a + c
    text = f"{effects[kind](a, b, c, d):.2f}"
    if kind != "risk_difference" and float(text) == 0:
        return
    found = ex.events_from_effect(n1, n2, **{kind: text}, events_total=total)["events_treatment"]
    fit = []
    for x in range(max(0, total - n2), min(n1, total) + 1):
        table = (x, n1 - x, total - x, n2 - total + x)
        if kind == "odds_ratio" and 0 in table[1:3]:
            continue
        if kind == "risk_ratio" and table[2] == 0:
            continue
        if abs(effects[kind](*table) - float(text)) <= 0.005 + 1e-12:
            fit.append(x)
    assert found.lower <= a <= found.upper
    assert {found.lower, found.upper} == {min(fit), max(fit)}
    assert fit == list(range(min(fit), max(fit) + 1))


@given(st.integers(1, 400), st.integers(0, 100), st.integers(0, 2))
def test_counts_with_the_printed_percentage_by_brute_force(n, tenths, decimals):
    count = round(n * tenths / 100)
    text = f"{100 * count / n:.{decimals}f}"
    found = ex.events_from_percentage(text, n)
    half = 0.5 * 10**-decimals
    fit = [x for x in range(n + 1) if abs(100 * x / n - float(text)) <= half + 1e-9]
    assert (found.lower, found.upper) == (fit[0], fit[-1])
    assert abs(100 * found.value / n - float(text)) <= min(abs(100 * x / n - float(text)) for x in fit) + 1e-9
    assert bool(found.notes) == (len(fit) > 1)


def test_a_percentage_that_no_count_has():
    found = ex.events_from_percentage("33.0", 54)
    assert math.isnan(found.value)
    assert found.notes == ("No count of 54 is printed as 33.0%: 17 is 31.5%, 18 is 33.3%",)


positive = st.floats(0.01, 100)


@given(positive, st.integers(2, 500), positive)
def test_round_trips(se, n, mean):
    sd = ex.sd_from_se(se, n).value
    assert sd / math.sqrt(n) == pytest.approx(se, rel=1e-12)
    t = critical_value(0.025, Given(n - 1, 0, 0, ""))
    assert ex.sd_from_interval(mean - t * se, mean + t * se, n).value == pytest.approx(sd, rel=1e-6)
    assert ex.se_from_statistic(mean, -mean / se).value == pytest.approx(se, rel=1e-12)


@given(positive, positive, st.floats(-0.99, 0.99))
def test_correlation_and_change_are_inverse(one, other, r):
    change = ex.change_sd(one, other, r).value
    assert ex.correlation_from_sds(one, other, change).value == pytest.approx(
        r, abs=1e-6 * (one / other + other / one)
    )


@given(st.floats(-3, 3), positive)
def test_conversions_are_inverse(yi, vi):
    there = ex.d_from_log_odds_ratio(yi, vi)
    back = ex.log_odds_ratio_from_d(there["yi"], there["vi"])
    assert (back["yi"].value, back["vi"].value) == pytest.approx((yi, vi), rel=1e-12)
    there = ex.r_from_d(yi, vi)
    back = ex.d_from_r(there["yi"], there["vi"])
    assert (back["yi"].value, back["vi"].value) == pytest.approx((yi, vi), rel=1e-9, abs=1e-12)


@given(st.lists(st.tuples(st.integers(2, 50), st.floats(-9, 9), positive), min_size=3, max_size=4))
def test_combining_in_two_steps_is_combining_at_once(groups):
    n, mean, sd = map(list, zip(*groups, strict=True))
    once = ex.combine_groups(n, mean=mean, sd=sd)
    two = ex.combine_groups(n[:2], mean=mean[:2], sd=sd[:2])
    twice = ex.combine_groups([two["n"], *n[2:]], mean=[two["mean"], *mean[2:]], sd=[two["sd"], *sd[2:]])
    for name in ("n", "mean", "sd"):
        assert twice[name].value == pytest.approx(once[name].value, rel=1e-9, abs=1e-12)


@given(st.floats(0.05, 9), st.integers(2, 300), st.integers(0, 2))
def test_the_true_value_lies_in_the_range_of_rounding(se, n, decimals):
    text = f"{se:.{decimals}f}"
    if float(text) == 0:
        return
    found = ex.sd_from_se(text, n)
    assert found.lower * (1 - 1e-12) <= se * math.sqrt(n) <= found.upper * (1 + 1e-12)
    assert found.lower < found.value < found.upper
    assert math.isnan(ex.sd_from_se(float(text), n).lower)


def test_steps_sources_and_rounding_are_kept_along_a_chain():
    found = ex.sd_from_difference(ex.se_from_p("3.8", "0.008", df=45), 25, 22)
    assert found.formula.startswith(
        "SE = |estimate| / t = |3.8| / 2.77555 = 1.3691; SD = SE / √(1/n₁ + 1/n₂) = 1.3691"
    )
    assert "6.3.1" in found.source
    assert "6.5.2.3" in found.source
    assert found.lower < 4.69 < found.upper
    assert found.to_frame().loc[0, ["what", "value"]].tolist() == ["SD", found.value]


def test_a_limit_of_a_p_value_gives_the_largest_standard_error():
    assert ex.se_from_p("2.0", "<0.001").value == ex.se_from_p(2.0, 0.001).value
    assert "largest" in ex.se_from_p("2.0", "<0.001").notes[1]


def test_an_interval_off_its_estimate_is_said():
    assert len(ex.se_from_interval("0.62", "0.97", ratio=True, estimate="0.78").notes) == 1
    assert (
        "in the middle on the log scale" in ex.se_from_interval(0.5, 2.0, ratio=True, estimate=1.6).notes[1]
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ex.sd_from_se("-1", 1.5), ["se is -1", "n is 1.5"]),
        (lambda: ex.sd_from_se("0,6", 20), ["se is '0,6'"]),
        (lambda: ex.se_from_p(0, 0, ratio=True), ["estimate is 0", "p is 0"]),
        (lambda: ex.se_from_interval(2, 1), ["lower 2 and upper 1"]),
        (lambda: ex.sd_from_interval(1, 2, 20, distribution="q"), ["distribution is 'q'"]),
        (
            lambda: ex.mean_from_quantiles(20, median=5, q1=6, q3=4),
            ["q1 6 is above median 5", "median 5 is above q3 4"],
        ),
        (lambda: ex.mean_from_quantiles(20, median=5, q1=4), ["only q1, median given"]),
        (lambda: ex.skewness_test(4, median=5, q1=4, q3=6), ["It takes 5 participants"]),
        (lambda: ex.combine_groups([3], events=[1]), ["there are 1 of n, 1 of events"]),
        (lambda: ex.combine_groups([3, 4], events=[1, 5]), ["events[1] is 5 of 4"]),
        (lambda: ex.correlation_from_sds(1, 1, 9), ["give a correlation of -39.5"]),
        (lambda: ex.change_sds(1, 2, []), ["there is no correlation"]),
        (lambda: ex.design_effect(-0.1, 0), ["icc is -0.1", "cluster_size is 0"]),
        (lambda: ex.inflated_se(0.2, 0.5), ["design is 0.5"]),
        (lambda: ex.events_from_percentage("120", 10), ["percent is 120"]),
        (lambda: ex.events_from_effect(10, 10), ["0 given", "0 given"]),
        (lambda: ex.events_from_effect(10, 10, odds_ratio=2, events_total=30), ["30 events of 20"]),
        (lambda: ex.events_from_effect(10, 10, odds_ratio=2, events_control=10), ["all 10 participants"]),
        (lambda: ex.d_from_r(1, 0), ["r is 1", "vi is 0"]),
    ],
)
def test_all_that_is_wrong_is_said_at_once(call, said):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert all(words in fault.what for fault, words in zip(caught.value.faults, said, strict=True))
    assert all(fault.rule and fault.remedy and fault.key for fault in caught.value.faults)


def test_an_effect_that_the_margins_exclude_is_undefined_with_a_reason():
    found = ex.events_from_effect(10, 100, risk_ratio="9", events_control=50)["events_treatment"]
    assert math.isnan(found.value)
    assert "The margins allow 0 to 10 events" in found.notes[0]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ex.se_from_p(1, 0.04, ratio=True), "no standard error by its test"),
        (ex.se_from_statistic(0.5, 0), "no standard error by its test"),
        (ex.mean_from_quantiles(4, median=5, q1=4, q3=6), "It takes 5 participants"),
        (ex.sd_from_quantiles(9, median=5, q1=5, q3=5), "q1 and q3 are both 5"),
    ],
)
def test_what_does_not_exist_is_undefined_with_a_reason(found, reason):
    assert math.isnan(found.value)
    assert reason in found.notes[0]


def test_a_hazard_ratios_standard_error_is_that_of_the_measure():
    _, vi = log_hazard_ratio_from_interval([0.77], [0.62], [0.97])
    assert ex.se_from_interval(0.62, 0.97, ratio=True).value == pytest.approx(
        math.sqrt(vi[0]), rel=CLOSED_FORM
    )
