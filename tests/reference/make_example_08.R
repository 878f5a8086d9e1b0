# What metafor prints of dat.bcg, line by line as examples/08_bcg_vaccine.py prints it.
#
#   Rscript tests/reference/make_example_08.R > tests/reference/example_08.json
#
# metafor with its default settings, as its documentation and Viechtbauer (2010), doi:10.18637/jss.v036.i03, run it;
# each number as text with four decimals.

suppressMessages({library(metafor); library(metadat); library(jsonlite)})

lines <- list()
show <- function(label, ...) lines[[label]] <<- I(sprintf("%.4f", c(...)))
d <- dat.bcg
names <- trimws(paste(d$author, d$year))
dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d)
for (i in 1:13) show(paste0("escalc, ", names[i]), dat$yi[i], dat$vi[i])

res <- rma(yi, vi, data = dat)
show("rma", res$beta, res$se, res$zval, res$ci.lb, res$ci.ub)
show("heterogeneity", res$tau2, res$se.tau2, res$QE)
ci <- confint(res)$random
show("confint, tau2", ci["tau^2", ]); show("confint, I2", ci["I^2(%)", ]); show("confint, H2", ci["H^2", ])
ci <- confint(res, control = list(tol = 1e-13))$random  # its root finder stops early by default
show("tight confint, I2", ci["I^2(%)", ]); show("tight confint, H2", ci["H^2", ])
p <- predict(res, transf = exp)
show("predict, as RR", p$pred, p$ci.lb, p$ci.ub)
show("predict, in a new setting", p$pi.lb, p$pi.ub)
k <- rma(yi, vi, data = dat, test = "knha")
show("rma, Hartung-Knapp", k$beta, k$se, k$zval, k$ci.lb, k$ci.ub)

regression <- function(label, mods, ...) {
  m <- rma(yi, vi, mods = mods, data = dat, ...)
  for (i in 1:m$p) show(paste(label, c("intercept", "ablat", "year")[i], sep = ", "),
                        m$beta[i], m$se[i], m$zval[i], m$pval[i], m$ci.lb[i], m$ci.ub[i])
  show(paste(label, "heterogeneity", sep = ", "), m$tau2, m$se.tau2, m$I2, m$H2, m$R2)
  show(paste(label, "QE and QM", sep = ", "), m$QE, m$QM)
  invisible(m)
}
one <- regression("rma, ~ ablat", ~ ablat)
p <- predict(one, newmods = c(0, 20, 40, 60), transf = exp)
for (i in 1:4) show(paste("predict at", c(0, 20, 40, 60)[i]), p$pred[i], p$ci.lb[i], p$ci.ub[i], p$pi.lb[i], p$pi.ub[i])
regression("rma, ~ ablat, Knapp-Hartung", ~ ablat, test = "knha")
regression("rma, ~ ablat + year", ~ ablat + year)
more <- list(threshold = 1e-13, maxiter = 1e5)  # REML told to go on
one <- regression("tight rma, ~ ablat", ~ ablat, control = more)
p <- predict(one, newmods = c(0, 20, 40, 60), transf = exp)
for (i in 1:4) show(paste("tight predict at", c(0, 20, 40, 60)[i]), p$pred[i], p$ci.lb[i], p$ci.ub[i], p$pi.lb[i], p$pi.ub[i])
regression("tight rma, ~ ablat, Knapp-Hartung", ~ ablat, test = "knha", control = more)
regression("tight rma, ~ ablat + year", ~ ablat + year, control = more)

l <- as.data.frame(leave1out(res))
for (i in 1:13) show(paste("without", names[i]), unlist(l[i, c("estimate", "se", "ci.lb", "ci.ub", "Q", "tau2", "I2", "H2")]))
inf <- influence(res)
for (i in 1:13) show(paste("influence of", names[i]),
                     unlist(as.data.frame(inf$inf)[i, c("rstudent", "dffits", "cook.d", "cov.r", "hat")]), inf$dfbs[[1]][i])
for (m in c("rma", "lm")) {
  t <- regtest(res, model = m)
  show(paste0("regtest, ", m), t$zval, t$pval, t$est, t$ci.lb, t$ci.ub)
}
r <- ranktest(res); show("ranktest", r$tau, r$pval)
f <- trimfill(res); show("trimfill", f$k0, f$se.k0, f$beta, f$ci.lb, f$ci.ub)
o <- order(d$year)
cu <- cumul(res, order = year)
for (i in 1:13) show(paste("after", names[o][i]),
                     cu$estimate[i], cu$se[i], cu$ci.lb[i], cu$ci.ub[i], cu$Q[i], cu$tau2[i])
count <- function(label, x) show(label, x$beta, x$se, x$ci.lb, x$ci.ub, x$QE)
count("rma of MH, RR", rma.mh(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d))
count("rma of MH, OR", rma.mh(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d))
count("rma of Peto, OR", rma.peto(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d))
meta <- list(R = R.version.string, metafor = as.character(packageVersion("metafor")))
cat(toJSON(list(meta = meta, lines = lines), pretty = TRUE, auto_unbox = TRUE), "\n")
