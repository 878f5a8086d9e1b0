"""07. What should a service do?

From a posterior to a decision: how probable it is that an effect matters, in how many infants, which choice loses
least under a stated loss, and what one more trial may bring. Avoidant attachment after parent-infant psychotherapy
(PIP): two trials whose counts are reconstructed, one of 17 sets. Thresholds, loss and risks stand in the model file,
with their sources.
"""

from pathlib import Path

import mutau
from mutau.stakes import FixedRisk, Loss

HERE = Path(__file__).parents[1]
model = mutau.load_model(HERE / "models" / "avoidant.toml")
studies = mutau.read_studies(HERE / "data" / "pip" / "studies.csv")
fit = mutau.fit(studies, model, engine="exact", seed=1)

# What the model states, and what follows; the same as `mutau decide models/avoidant.toml`.
decided = mutau.decide(fit)
print(decided)
print(mutau.table(decided, "chances").to_markdown())

# In people, where nobody is sure of the risk without PIP: an interval that holds no difference goes through infinity.
people = decided.absolute.to_frame().query("quantity == 'mu' and prior_label == 'default'")
print(people[["baseline_label", "without", "with", "difference", "nnt_text"]].round(1).to_string(index=False))

# A service whose places are few: one in twenty of its infants at risk, an effect worth a place from RR 0.75 on,
# and using PIP where it is not worth it weighs four times as much as leaving it out where it is. A real one would say
# why.
scarce = Loss("threshold", worthwhile=0.75, use=4, source="made up for this example")
risk = FixedRisk(0.05, "made up for this example")
service = mutau.decide(fit, loss=scarce, baselines=risk, sizes=())
few = service.absolute.to_frame().iloc[0]
print(f"Per 1,000: {few['without']:.0f} without, {few['with']:.0f} with; {few['nnt_text']}")
worth = service.importance.losses.query("quantity == 'theta_new'")
print(
    f"Use it from a probability of {scarce.enough:.2f} that it is worthwhile; in a new setting, by prior for tau:"
)
print(worth[["prior_label", "action", "loss_use", "loss_not"]].round(3).to_string(index=False))

# Would one more trial settle it? Chances of what it would leave, over all that it may show.
print(mutau.table(decided, "next_trial").to_markdown())
