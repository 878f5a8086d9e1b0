"""05. Which prior?

A prior says what was believed before these trials. There is no neutral one, so say which, say why, and show what
others would have said. Here: avoidant attachment, two trials of parent-infant psychotherapy. The counts are one of 17
sets that reproduce the review's pooled result; none was extracted from the trial reports.
"""

from pathlib import Path

import mutau
from mutau import priors
from mutau.priors import mu_in_words, tau_in_words
from mutau.sensitivities import data_set_choices, multiverse, named_answers, scale_grid

HERE = Path(__file__).parents[1]
model = mutau.load_model(HERE / "models" / "avoidant.toml")
studies = mutau.read_studies(HERE / "data" / "pip" / "studies.csv")
fit = mutau.fit(studies, model, engine="exact", seed=1)

# 1. What the model's own priors say, in words: of the risk ratio, and of how far true effects lie apart.
print("mu:", mu_in_words(model.mu_prior, "ratio", "risk ratio"))
print("tau:", tau_in_words(model.tau_prior, "ratio", "risk ratio"))

# 2. A prior from two statements of somebody who knows the field: "most likely a risk ratio of 0.8, and I am 95% sure
# that it is above 0.5". It belongs to the risk ratio, and is refused for any other measure.
stated = priors.elicit_normal(most_likely=0.8, above=0.5, sure=0.95, measure="RR")
print("stated:", stated, "-", mu_in_words(stated, "ratio", "risk ratio"))

# 3. The answer under a documented set of priors, each of which changes one thing.
named = named_answers(fit)
print(
    named[["prior_label", "mu_prior", "tau_prior", "estimate", "p_benefit"]].round(3).to_string(index=False)
)

# 4. And under 2,500 of them: from an eighth of each prior's width to nearly four times. One cell is the model's own.
grid = scale_grid(fit)
print(
    f"P(benefit) over the grid: {grid.p_benefit.min():.3f} to {grid.p_benefit.max():.3f}; "
    f"the model's own {grid.p_benefit[grid.own]:.3f}; at least 0.9 in {grid.share(0.9):.0%} of the cells"
)

# 5. Priors are not all. The 17 data sets that the printed result admits move the answer too.
sets = multiverse(fit, data_set_choices(fit, HERE / "data" / "pip" / "admissible_attachment.csv"))
found = sets.conclusion(0.5)
print(
    f"{len(sets.of('data set'))} admissible data sets: P(benefit) {found.lowest.p_benefit:.3f} to "
    f"{found.highest.p_benefit:.3f}"
)
