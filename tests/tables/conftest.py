"""Every table there is, made once from exact fits."""

from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
BCG = ROOT / "data" / "bcg" / "bcg.csv"
HOSTILE = (
    "<script>alert('x')</script>",
    "a|b",
    "=cmd()|'/C calc'!A0",
    "@SUM(1)",
    r"\input{/etc/passwd} $x^2$ 50% & #1 _y_ ~z~ {}",
    r"ends in a backslash \ ",
    "two\nlines\r\nand a\ttab",
    "\x1b[31mred\x1b[0m \x07 \x00 \u202eback\u202c",
    "**bold** [link](javascript:alert(1)) `code` ![](x) &lt; ~~no~~",
    "# heading",
    "[a] starts with a bracket",
    "שלום Ünïcode 中文 😀",
    "\ufffe is no character",
)
"""Names of studies that some format would obey instead of show."""


@pytest.fixture(scope="session")
def exact_secure(pip_studies):
    import mutau

    return mutau.fit(pip_studies, mutau.load_model(ROOT / "models" / "secure.toml"), engine="exact", seed=1)


@pytest.fixture(scope="session")
def hostile_names():
    return HOSTILE


@pytest.fixture(scope="session")
def hostile():
    """Studies with hostile names, and a model with a hostile title."""
    import mutau

    frame = pd.DataFrame({"study": HOSTILE, "yi": -0.3, "sei": 0.2}).assign(
        provenance="=1+1 <b>", note="n|o; *t*e"
    )
    model = mutau.OutcomeModel(
        name="hostile", title="Out|come <b> =1 \\x", measure="RR", benefit="lower", timepoint="<i>"
    )
    return mutau.fit(mutau.StudyTable.from_frame(frame, "=file|<b>.csv"), model, engine="exact", seed=1)


@pytest.fixture(scope="session")
def exact_sensitivity(exact_secure):
    import mutau

    return mutau.sensitivity(exact_secure)


@pytest.fixture(scope="session")
def every_table(exact_secure, exact_sensitivity, hostile):
    """One of each kind, and those of a review."""
    import mutau
    from mutau import diagnostics, tables
    from mutau.comparing import disagreement
    from mutau.pooled_only.wording import overview

    compared = mutau.compare(exact_secure)
    hostile_diagnosis = mutau.diagnose(hostile.studies, measure=hostile.model, tau2="DL")
    pooled = mutau.pooled(mutau.load_model(ROOT / "models" / "depression_level.toml"))
    fits = {"default": exact_secure}
    decided = mutau.decide(exact_secure, alternatives={}, sizes=())
    return [
        *(
            mutau.table(exact_secure, kind)
            for kind in ("summary", "probabilities", "data", "checks", "likelihoods")
        ),
        *(mutau.table(compared, kind) for kind in ("compare", "main")),
        *(mutau.table(pooled, kind) for kind in ("pooled", "probabilities")),
        mutau.table(exact_secure.studies),
        mutau.table(exact_secure.model),
        *(
            mutau.table(diagnosed, kind)
            for diagnosed in (
                mutau.diagnose(mutau.read_studies(BCG), measure="RR", tau2="DL"),
                hostile_diagnosis,
            )
            for kind in diagnosed.to_frames()
        ),
        *(
            mutau.table(regressed, kind)
            for regressed in (
                mutau.regress(mutau.read_studies(BCG), moderators=["ablat", "alloc"], measure="RR"),
                mutau.regress(
                    yi=[0.1, 0.4, 0.2],
                    sei=[0.1, 0.2, 0.1],
                    moderators={"<b>|$x_": ["a", "=1+1", "a"]},
                    ci="t",
                ),
            )
            for kind in ("coefficients", "heterogeneity")
        ),
        mutau.table(mutau.bivariate(mutau.read_studies(BCG))),
        mutau.table(diagnostics.shrunken(hostile.studies, measure=hostile.model, tau2="DL")),
        mutau.table(diagnostics.shrunken_beside(exact_secure)),
        tables.kinds.review("Review", [exact_secure.model], compared),
        overview("Pooled", [pooled]),
        tables.kinds.agreement(
            disagreement(fits, fits | {"default": sampled_like(exact_secure)}), exact_secure
        ),
        *(
            mutau.table(exact_sensitivity, kind)
            for kind in ("named_priors", "tipping_points", "power_scaling", "prior_conflict", "multiverse")
        ),
        *tables.decision_kinds(decided.to_frames(), exact_secure.model),
        *(mutau.table(hostile, kind) for kind in ("summary", "data", "compare", "main")),
        mutau.table(hostile.studies),
        mutau.table(hostile.model),
    ]


def sampled_like(fit):
    """The same fit read from its draws, as a sampled one is."""
    from dataclasses import replace

    return replace(fit, exact=None)
