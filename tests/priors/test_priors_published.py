"""Published tables of priors: every row, the values against the files, names, scales, suspected misprints."""

from __future__ import annotations

import csv
import math
import statistics
from collections import Counter

import pytest

from mutau import priors
from mutau.errors import ArgumentError
from mutau.priors.published import origin_in_words
from mutau.priors.published_tables import SOURCES
from mutau.shipped import shipped_path

ALL = priors.published_priors()
ADDITIVE = 0.015  # within which Rhodes' table is a sum of outcome, comparison and area


def table(name):
    with shipped_path("data", "priors", f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_there_once():
    assert Counter(one.source.name for one in ALL) == {
        "turner2015": 80 + 1,
        "rhodes2015": 72 + 1,
        "bartos2021": 94,
        "bartos2023": 417 - 94,
    }
    names = [one.name for one in ALL]
    assert len(set(names)) == len(names)
    assert names == [
        row["name"] for file in ("turner2015", "rhodes2015", "bartos_cochrane") for row in table(file)
    ]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_row_is_a_prior_that_can_be_used(one):
    assert one.prior.is_proper
    assert one.prior.support[0] == (-math.inf if one.parameter == "mu" else 0)
    assert priors.published_prior(one.name) is one
    assert priors.parse_prior(str(one.prior)) == one.prior
    assert one.caveats[-1].endswith(".")
    assert one.prior.label.endswith(f"[{one.name}]")
    assert one.name.startswith(f"{one.source.name}/")
    assert SOURCES[one.source.name].doi.startswith("10.")


@pytest.mark.parametrize("row", table("turner2015"), ids=lambda row: row["name"])
def test_turner_is_halved(row):
    one = priors.published_prior(row["name"])
    half = priors.LogNormal(float(row["log_tau2_mean"]) / 2, float(row["log_tau2_sd"]) / 2)
    assert (one.prior, one.measure, one.parameter, one.suspected) == (half, "OR", "tau", False)


@pytest.mark.parametrize("row", table("rhodes2015"), ids=lambda row: row["name"])
def test_rhodes_is_halved_and_its_degrees_of_freedom_stay(row):
    one = priors.published_prior(row["name"])
    half = priors.LogStudentT(float(row["log_tau2_location"]) / 2, float(row["log_tau2_scale"]) / 2, 5)
    assert (one.prior, one.measure, one.parameter) == (half, "SMD", "tau")
    assert one.suspected == bool(row["pattern_location"])


def test_any_setting():
    assert priors.published_prior("turner2015/any").prior == priors.LogNormal(-1.28, 0.87)
    assert priors.published_prior("rhodes2015/any").prior == priors.LogStudentT(-1.72, 1.295, 5)
    assert priors.published_prior("turner2015/any").in_words == "any setting"


PRINTED = [  # as the papers print them
    ("turner2015/all-cause-mortality/pharma-vs-control", "log(tau^2) ~ normal(-3.95, 1.34)"),
    ("turner2015/mental-health/nonpharma-vs-control", None),
    ("rhodes2015/obstetric/pharma-vs-control/other", "log(tau^2) ~ t(-4.13, 2.34, df 5)"),
    ("bartos2021/cochrane/smd/mu", "mu ~ t(location 0, scale 0.43, df 5)"),
    ("bartos2021/cochrane/smd/tau", "tau ~ inverse-gamma(shape 1.71, scale 0.4)"),
    ("bartos2023/cochrane/or/mu", "mu ~ t(location 0, scale 0.58, df 4)"),
    ("bartos2023/cochrane/or/tau", "tau ~ inverse-gamma(shape 1.77, scale 0.55)"),
    ("bartos2023/cochrane/rd/tau", "tau ~ normal(mean 0, sd 0.099) above 0"),
    ("bartos2023/cochrane/hr/tau", "tau ~ inverse-gamma(shape 2.42, scale 0.3)"),
]


@pytest.mark.parametrize(("name", "printed"), PRINTED)
def test_as_printed(name, printed):
    one = priors.published_prior(name)
    assert printed in (None, one.printed)


OWN = "developmental-psychosocial-and-learning-problems"


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        (f"bartos2021/{OWN}/smd/mu", priors.StudentT(0, 0.18, 5)),
        (f"bartos2021/{OWN}/smd/tau", priors.InverseGamma(1.43, 0.12)),
        (f"bartos2023/{OWN}/or/mu", priors.StudentT(0, 0.83, 5)),
        (f"bartos2023/{OWN}/or/tau", priors.InverseGamma(1.83, 0.82)),
        (f"bartos2023/{OWN}/rr/mu", priors.StudentT(0, 0.39, 3)),
        (f"bartos2023/{OWN}/rr/tau", priors.InverseGamma(0.97, 0.11)),
        (f"bartos2023/{OWN}/rd/mu", priors.StudentT(0, 0.082, 2)),
        (f"bartos2023/{OWN}/rd/tau", priors.HalfNormal(0.132)),
    ],
)
def test_the_group_of_the_parent_infant_review(name, prior):
    one = priors.published_prior(name)
    assert one.prior == prior
    assert one.setting == {"subfield": "Developmental, Psychosocial and Learning Problems"}
    assert len(priors.published_priors(search="developmental psychosocial")) == 8


def test_caveats_say_what_a_prior_is_not():
    said = {one.name: " ".join(one.caveats) for one in ALL}
    for one in ALL:
        if one.source.name.startswith("bartos") and one.parameter == "tau":
            assert "made for averaging with a model in which tau = 0" in said[one.name]
        assert ("square of tau; location and scale are halved" in said[one.name]) == (
            "2015" in one.source.name
        )
    assert "standard deviation, which is 0.555" in said["bartos2021/cochrane/smd/mu"]  # 0.43 sqrt(5/3)
    assert "which does not exist with 1 degrees of freedom" not in said["bartos2021/cochrane/smd/mu"]
    assert "does not exist" in said["bartos2023/cochrane/rd/mu"]  # df = 1
    assert "half-normal" in said["bartos2023/cochrane/rd/tau"]
    assert "all of Cochrane only" in said["bartos2023/cochrane/hr/mu"]


def test_rhodes_is_additive_but_for_two_cells():
    """Each cell from the median of what all squares of the table that hold it lead to."""
    cells = {
        (row["outcome"], row["comparison"], row["area"]): row
        for row in table("rhodes2015")
        if row["outcome"] != "any"
    }
    value = {key: float(row["log_tau2_location"]) for key, row in cells.items()}
    for (outcome, comparison, area), row in cells.items():
        expected = statistics.median(
            value[outcome, c, a] + value[o, comparison, area] - value[o, c, a]
            for o, c, a in cells
            if o != outcome and (c, a) != (comparison, area)
        )
        suspected = row["pattern_location"]
        assert (abs(expected - float(row["log_tau2_location"])) > ADDITIVE) == bool(suspected)
        if suspected:
            assert float(suspected) == pytest.approx(expected, abs=ADDITIVE)


def test_suspected_misprints_come_in_two_versions():
    suspected = {one.name: one for one in ALL if one.suspected}
    assert set(suspected) == {
        "rhodes2015/mental-health/nonpharma/other",
        "rhodes2015/structure/pharma-vs-control/cancer",
    }
    one = suspected["rhodes2015/mental-health/nonpharma/other"]
    twin = priors.published_prior("rhodes2015/mental-health/nonpharma/other/pattern")
    assert one.twin == twin
    assert twin.twin is one
    assert (one.prior, twin.prior) == (
        priors.LogStudentT(-1.925, 0.965, 5),
        priors.LogStudentT(-1.425, 0.965, 5),
    )
    assert one.for_measure("SMD").label.endswith("other; suspected misprint]")
    assert twin.for_measure("SMD").label.endswith("other/pattern; value of the table's pattern]")
    assert priors.published_prior("turner2015/any").twin is None


def test_never_silently_on_another_scale():
    turner = priors.published_prior("turner2015/any")
    assert turner.for_measure("OR") == turner.prior
    with pytest.raises(ArgumentError, match="published for OR, and the measure is RR"):
        turner.for_measure("RR")
    crossed = turner.for_measure("RR", across_scales=True)
    assert crossed == turner.prior
    assert crossed.label == "log-normal(-1.28, 0.87) [turner2015/any; published for OR, used for RR]"
    with pytest.raises(ArgumentError, match="Name a prior for an SMD"):
        turner.for_measure("MD", across_scales=True, reference_sd=5.0)


def test_a_mean_difference_takes_a_prior_of_an_smd_times_its_unit():
    rhodes = priors.published_prior("rhodes2015/any")
    with pytest.raises(ArgumentError, match="published for SMD, and the measure is MD"):
        rhodes.for_measure("MD", reference_sd=5.0)
    with pytest.raises(ArgumentError, match="State reference_sd"):
        rhodes.for_measure("MD", across_scales=True)
    with pytest.raises(ArgumentError, match="finite number above 0"):
        rhodes.for_measure("MD", across_scales=True, reference_sd=0.0)
    crossed = rhodes.for_measure("MD", across_scales=True, reference_sd=5.0)
    assert crossed.ppf(0.3) == pytest.approx(5 * rhodes.prior.ppf(0.3), rel=1e-14)
    assert crossed.label.endswith("[rhodes2015/any; published for SMD, used for MD; times 5]")


def test_an_origin_is_no_part_of_the_distribution():
    prior = priors.published_prior("turner2015/any").prior
    plain = priors.LogNormal(-1.28, 0.87)
    assert prior == plain
    assert hash(prior) == hash(plain)
    assert str(prior) == repr(prior).replace("meanlog=", "").replace("sdlog=", "") == "LogNormal(-1.28, 0.87)"
    assert list(prior.parameters) == ["meanlog", "sdlog"]
    assert prior.scaled(2).origin is None


def test_how_it_is_written_in_tables_figures_and_records():
    crossed = priors.published_prior("turner2015/any").for_measure("RR", across_scales=True)
    assert crossed.short_label == "log-normal(-1.28, 0.87) [published for OR, used for RR]"
    assert crossed.stated == "LogNormal(-1.28, 0.87) [turner2015/any; published for OR, used for RR]"
    own = priors.published_prior("turner2015/any").prior
    assert own.short_label == "log-normal(-1.28, 0.87)"
    plain = priors.HalfNormal(0.5)
    assert (plain.label, plain.short_label, plain.stated) == ("half-normal(0.5)",) * 2 + ("HalfNormal(0.5)",)


def test_an_origin_of_ones_own():
    origin = priors.Origin("our registry", "tau", "OR", "OR")
    prior = priors.HalfNormal(0.3, origin=origin)
    assert prior.label == "half-normal(0.3) [our registry]"
    assert origin_in_words(origin) == "From our registry."


def test_filters():
    assert {one.measure for one in priors.published_priors(measure="RR")} == {"RR"}
    assert len(priors.published_priors(measure="RR", parameter="tau")) == 53
    assert len(priors.published_priors(source="bartos2021", parameter="mu")) == 47
    assert priors.published_priors(search="PAIN turner pharma-vs-control")[0].name.startswith(
        "turner2015/pain/"
    )
    assert priors.published_priors(search="nothing of the sort") == ()
    with pytest.raises(ArgumentError) as caught:
        priors.published_priors(source="turner", measure="LOGOR", parameter="sigma")
    assert len(caught.value.faults) == 3
    assert "Did you mean 'turner2015'?" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("turner2015/all", "Did you mean 'turner2015/any'"),
        ("Turner2015/Any", "Did you mean 'turner2015/any'"),
        ("turner2015/pain/pharma-vs-placebo", "'turner2015/pain/pharma-vs-pharma'"),
        ("turner2015/any/pattern", "A published prior is named exactly"),
        ("bartos2023/childhood-cancer/rr/tau", "Use that of all of Cochrane, 'bartos2023/cochrane/rr/tau'"),
        ("bartos2023/heart/hr/tau", "Use that of all of Cochrane, 'bartos2023/cochrane/hr/tau'"),
        ("", "'mutau priors list' shows all"),
        ("HalfNormal(0.5)", "'mutau priors list' shows all"),
    ],
)
def test_a_miss_names_the_nearest(name, told):
    with pytest.raises(ArgumentError) as caught:
        priors.published_prior(name)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 300
