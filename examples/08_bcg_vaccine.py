"""08. The BCG vaccine trials, as metafor's documentation analyses them, digit for digit.

Thirteen trials of BCG vaccine against tuberculosis: `dat.bcg`, with which the R package metafor explains itself
(Viechtbauer 2010, doi:10.18637/jss.v036.i03, and its help pages). Every line with four decimals below is what metafor
prints; a test holds them side by side. Two things differ. metafor's searches stop early unless told to go on:
confint() finds 81.9177 and 5.5303 for the lower limits of I2 and H2 (81.9206 and 5.5311 here), and of the regression
on latitude it prints a tau2 of 0.0764 (0.0763) and an R2 of 75.6245 (75.6266). And of a single trial it prints a tau2
of 0 where there is none. Then what metafor does not say: a probability.

With an I2 of 92% the pooled effect is a mean over settings that differ. Distance from the equator goes along with
three quarters of that; thirteen trials, and a relation across trials, are no proof that it is the cause.
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


# 3. What the effect changes with: meta-regression on latitude, and on latitude and year of publication (`mods`).
def regression(label, found):
    for row in found.to_frame().itertuples():
        numbers = row.estimate, row.se, row.statistic, row.p_value, row.lower, row.upper
        show(f"{label}, {row.coefficient}", *numbers)
    show(f"{label}, heterogeneity", found.tau2, found.tau2_se, found.i2, found.h2, found.r2)
    show(f"{label}, QE and QM", found.qe, found.moderators.statistic)


by_latitude = mutau.regress(bcg, moderators="ablat", measure="RR", ci="wald", prediction="normal")
regression("rma, ~ ablat", by_latitude)
for row in by_latitude.predict({"ablat": [0, 20, 40, 60]}).to_frame().itertuples():
    limits = row.lower, row.upper, row.prediction_lower, row.prediction_upper
    show(f"predict at {row.ablat:.0f}", *np.exp([row.estimate, *limits]))
regression("rma, ~ ablat, Knapp-Hartung", mutau.regress(bcg, moderators="ablat", measure="RR"))
by_both = mutau.regress(bcg, moderators=["ablat", "year"], measure="RR", ci="wald")
regression("rma, ~ ablat + year", by_both)
print(*by_both.notes, sep="\n")

# 4. Which trial matters: leave1out(), influence().
without = diagnostics.leave_one_out(bcg, measure="RR", ci="wald").to_frame()
for row in without.itertuples():
    show(f"without {row.study}", row.estimate, row.se, row.lower, row.upper, row.q, row.tau2, row.i2, row.h2)
moved = diagnostics.influence(bcg, measure="RR").to_frame()
for row in moved.itertuples():
    show(f"influence of {row.study}", row.rstudent, row.dffits, row.cook_d, row.cov_r, row.hat, row.dfbetas)

# 5. Do small trials find other effects: regtest(), ranktest(), trimfill(). Each says what it rests on.
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

# 6. In the order of publication: cumul().
for row in diagnostics.cumulative(bcg, measure="RR", ci="wald").to_frame().itertuples():
    show(f"after {row.added}", row.estimate, row.se, row.lower, row.upper, row.q, row.tau2)

# 7. From the counts, without any zero-cell correction: rma.mh(), rma.peto().
for label, method, measure in (("MH", "MH", "RR"), ("MH", "MH", "OR"), ("Peto", "Peto", "OR")):
    counted = mutau.pool(bcg, measure=measure, method=method)
    numbers = counted.estimate, counted.se, counted.lower, counted.upper, counted.q
    show(f"rma of {label}, {measure}", *numbers)

# 8. The pictures of its help pages. `plots.save(picture, "funnel")` writes SVG, PDF and PNG.
for frame, draw in (
    (plots.prepare_funnel(diagnostics.funnel(bcg, measure="RR")), plots.plot_funnel),
    (plots.prepare_radial(diagnostics.radial(bcg, measure="RR")), plots.plot_radial),
    (plots.prepare_labbe(diagnostics.labbe(bcg, measure="RR")), plots.plot_labbe),
    (plots.prepare_baujat(diagnostics.baujat(bcg, measure="RR")), plots.plot_baujat),
):
    picture = draw(frame)
    print(picture.figure.get_label())

# 9. What metafor does not say: how probable it is that the vaccine helps, on the mean and in a new setting.
model = mutau.OutcomeModel(name="tuberculosis", measure="RR", benefit="lower")
fit = mutau.fit(bcg, model, engine="exact", seed=1)
print(mutau.probability_of_benefit(fit))
