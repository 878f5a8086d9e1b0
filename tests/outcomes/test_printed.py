"""What a printed result says on the analysis scale, and how much its rounding leaves open."""

import math

import pytest

from mutau.errors import ArgumentError
from mutau.measures import get_measure
from mutau.outcomes import OutcomeModel, PublishedResult, printed


def test_the_standard_error_is_the_one_that_was_printed_with_the_interval():
    # BCG vaccine, REML: log risk ratio -0.7145, standard error 0.1798, interval -1.0669 to -0.3622; Viechtbauer
    # W (2010), Journal of Statistical Software 36(3), doi:10.18637/jss.v036.i03
    found = printed(PublishedResult(-0.7145, -1.0669, -0.3622), get_measure("SMD"))
    assert round(found.ses[1], 4) == 0.1798
    # the same as a ratio, to two decimals as a review prints it: its rounding interval holds the truth
    ratio = PublishedResult(*(round(math.exp(x), 2) for x in (-0.7145, -1.0669, -0.3622)))
    found = printed(ratio, get_measure("RR"))
    assert found.ses[0] < 0.1798 < found.ses[2]
    assert found.estimates[0] < -0.7145 < found.estimates[2]


def test_coverage_sets_the_quantile():
    wide = printed(PublishedResult(0.0, -1.6449, 1.6449, prob=0.90), get_measure("SMD"))
    assert wide.ses[1] == pytest.approx(1.0, abs=1e-4)


def test_decimals_are_the_most_that_is_shown_or_what_is_stated():
    smd = get_measure("SMD")
    assert printed(PublishedResult(0.5, 0.25, 0.75), smd).decimals == 2
    assert printed(PublishedResult(1, 0, 2), smd).decimals == 0
    stated = printed(PublishedResult(0.5, 0.4, 0.6, decimals=2), smd)
    assert (stated.decimals, stated.estimates[0]) == (2, pytest.approx(0.495))


def model(estimate, lower, upper, measure="RR", **more):
    return OutcomeModel(
        name="m",
        measure=measure,
        benefit="lower",
        likelihood="pooled",
        published=PublishedResult(estimate, lower, upper, k=3, **more),
    )


@pytest.mark.parametrize("estimate", [0.73, 0.74])
def test_rounding_may_put_an_estimate_off_the_middle(estimate):
    # sqrt(0.52 * 1.04) = 0.7354, and each limit may be half a unit off
    assert model(estimate, 0.52, 1.04).is_pooled


@pytest.mark.parametrize("estimate", [0.71, 0.76, 0.78])
def test_more_than_rounding_is_a_fault(estimate):
    with pytest.raises(ArgumentError, match="by more than rounding") as caught:
        model(estimate, 0.52, 1.04)
    (fault,) = caught.value.faults
    assert fault.key == "published.estimate"
    assert "0.735, the middle of [0.52, 1.04] on the log scale" in fault.what


def test_the_middle_is_that_of_the_analysis_scale():
    with pytest.raises(ArgumentError, match="by more than rounding"):
        model(0.78, 0.52, 1.04)  # the middle of the ratios themselves
    assert model(0.78, 0.52, 1.04, measure="SMD").is_pooled


def test_the_edge_of_the_rounding_interval_belongs_to_it():
    # the middle of [-0.5, 0.1] lies between -0.25 and -0.15 if the limits were rounded to one decimal
    assert model(-0.3, -0.5, 0.1, measure="SMD").is_pooled
    assert model(-0.1, -0.5, 0.1, measure="SMD").is_pooled
    for off in (-0.35, -0.05):
        with pytest.raises(ArgumentError, match="by more than rounding"):
            model(off, -0.5, 0.1, measure="SMD")


def test_a_ratio_that_is_none_is_said_once():
    with pytest.raises(ArgumentError) as caught:
        model(0.0, -0.5, 1.0)
    assert {fault.rule for fault in caught.value.faults} == {"A ratio is above 0"}


def test_values_of_a_wrong_type_are_faults_and_do_not_raise():
    with pytest.raises(ArgumentError) as caught:
        model("0.74", 0.52, math.nan, prob="95", ci_method=1, tau2_published="0", decimals=2.5)
    keys = {fault.key for fault in caught.value.faults}
    assert {
        f"published.{name}" for name in ("estimate", "upper", "prob", "ci_method", "tau2_published")
    } <= keys
    assert "published.decimals" in keys
