"""08. The BCG vaccine trials, as metafor's documentation analyses them, digit for digit.

Thirteen trials of BCG vaccine against tuberculosis: `dat.bcg`, with which the R package metafor explains itself
(Viechtbauer 2010, doi:10.18637/jss.v036.i03, and its help pages). Every line with four decimals below is what metafor
prints; a test holds them side by side. Two things differ. metafor's confint() stops its search for the lower limit of
I2 and H2 early (81.9177 and 5.5303; 81.9206 and 5.5311 when told to go on), and of a single trial it prints a tau2 of
0 where there is none. Then what metafor does not say: a probability.

Left out: the paper's meta-regression on latitude and year of publication, because mutau has no meta-regression. With
an I2 of 92% the trials ask for one: read the pooled effect as a mean over settings that differ.
"""

import warnings
from pathlib import Path

import numpy as np

import mutau
from mutau import diagnostics, plots
from mutau.errors import ApproximationWarning

# Where the authors of a test advise against it, mutau warns. The same words are in each result, printed below.
warnings.simplefilter("ignore", ApproximationWarning)


def show(label, *values):
    print(f"{label}:", *(f"{value:.4f}" for value in values))


HERE = Path(__file__).parents[1]
bcg = mutau.read_studies(HERE / "data" / "bcg" / "bcg.csv")

# 1. Effects: log risk ratios with their sampling variances, metafor's escalc().
effects = mutau.effects(bcg, "RR")
for trial in effects.itertuples():
    show(f"escalc, {trial.study}", trial.yi, trial.vi)

# 2. The random-effects model, rma(); limits of the heterogeneity, confint(); back to risk ratios, predict().
# metafor's own defaults are spelt out: Wald's interval, and a prediction interval by z. mutau's are more careful.
result = mutau.pool(bcg, measure="RR", tau2="REML", ci="wald", prediction="normal")
show("rma", result.estimate, result.se, result.statistic, result.lower, result.upper)
show("heterogeneity", result.tau2, result.tau2_se, result.q)
show("confint, tau2", result.tau2, result.tau2_lower, result.tau2_upper)
show("confint, I2", result.i2, result.i2_lower, result.i2_upper)
show("confint, H2", result.h2, result.h2_lower, result.h2_upper)
show("predict, as RR", *np.exp([result.estimate, result.lower, result.upper]))
show("predict, in a new setting", *np.exp([result.prediction_lower, result.prediction_upper]))
careful = mutau.pool(bcg, measure="RR", tau2="REML", ci="HK")
show("rma, Hartung-Knapp", careful.estimate, careful.se, careful.statistic, careful.lower, careful.upper)

# 3. Which trial matters: leave1out(), influence().
without = diagnostics.leave_one_out(bcg, measure="RR", ci="wald").to_frame()
for row in without.itertuples():
    show(f"without {row.study}", row.estimate, row.se, row.lower, row.upper, row.q, row.tau2, row.i2, row.h2)
moved = diagnostics.influence(bcg, measure="RR").to_frame()
for row in moved.itertuples():
    show(f"influence of {row.study}", row.rstudent, row.dffits, row.cook_d, row.cov_r, row.hat, row.dfbetas)

# 4. Do small trials find other effects: regtest(), ranktest(), trimfill(). Each says what it rests on.
for model in ("rma", "lm"):
    asked = diagnostics.egger(bcg, measure="RR", model=model)
    show(
        f"regtest, {model}", asked.statistic, asked.p_value, asked.limit, asked.limit_lower, asked.limit_upper
    )
ranks = diagnostics.begg(bcg, measure="RR")
show("ranktest", ranks.estimate, ranks.p_value)
filled = diagnostics.trim_and_fill(bcg, measure="RR", ci="wald")
show("trimfill", filled.k0, filled.k0_se, filled.pooled.estimate, filled.pooled.lower, filled.pooled.upper)
print(filled)

# 5. In the order of publication: cumul().
for row in diagnostics.cumulative(bcg, measure="RR", ci="wald").to_frame().itertuples():
    show(f"after {row.added}", row.estimate, row.se, row.lower, row.upper, row.q, row.tau2)

# 6. From the counts, without any zero-cell correction: rma.mh(), rma.peto().
for label, method, measure in (("MH", "MH", "RR"), ("MH", "MH", "OR"), ("Peto", "Peto", "OR")):
    counted = mutau.pool(bcg, measure=measure, method=method)
    numbers = counted.estimate, counted.se, counted.lower, counted.upper, counted.q
    show(f"rma of {label}, {measure}", *numbers)

# 7. The pictures of its help pages. `plots.save(picture, "funnel")` writes SVG, PDF and PNG.
for frame, draw in (
    (plots.prepare_funnel(diagnostics.funnel(bcg, measure="RR")), plots.plot_funnel),
    (plots.prepare_radial(diagnostics.radial(bcg, measure="RR")), plots.plot_radial),
    (plots.prepare_labbe(diagnostics.labbe(bcg, measure="RR")), plots.plot_labbe),
    (plots.prepare_baujat(diagnostics.baujat(bcg, measure="RR")), plots.plot_baujat),
):
    picture = draw(frame)
    print(picture.figure.get_label())

# 8. What metafor does not say: how probable it is that the vaccine helps, on the mean and in a new setting.
model = mutau.OutcomeModel(name="tuberculosis", measure="RR", benefit="lower")
fit = mutau.fit(bcg, model, engine="exact", seed=1)
print(mutau.probability_of_benefit(fit))
