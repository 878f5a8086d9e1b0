# Reference values for mutau's measures and classic pooling, made with metafor at tight tolerances.
#
#   Rscript tests/reference/make_metafor_tight.R > tests/reference/metafor_tight.json
#
# metafor stops its iterations at an absolute change of 1e-5 in tau^2 by default; here at 1e-13. That too is
# absolute, so the effects are first divided by a power of two near their standard deviation (which changes no
# digit of anything else), and the results reported on the original scale.

suppressMessages({library(metafor); library(metadat)})

source("tests/reference/json_out.R")

tight <- list(threshold = 1e-13, tol = 1e-13, maxiter = 1e5)

fit <- function(yi, vi, method, test) {
  s <- if (length(yi) > 1 && sd(yi) > 0) 2^-round(log2(sd(yi))) else 1
  control <- if (method %in% c("REML", "PM")) tight else list()
  if (method == "PM") control$tau2.max <- 1e4
  res <- suppressWarnings(rma(yi * s, vi * s^2, method = method, test = test, control = control))
  out <- list(k = res$k, estimate = res$beta[1] / s, se = res$se / s, statistic = res$zval, p_value = res$pval,
              lower = res$ci.lb / s, upper = res$ci.ub / s, tau2 = res$tau2 / s^2, i2 = res$I2, h2 = res$H2,
              q = res$QE, q_p_value = res$QEp)
  if (test == "z") out$weights <- vec(weights(res))
  if (method != "EE" && res$k > 1) {
    p <- predict(res)
    out$pi_default <- vec(c(p$pi.lb, p$pi.ub) / s)
    if (res$k > 2) {
      r <- predict(res, pi.type = "riley")
      out$pi_riley <- vec(c(r$pi.lb, r$pi.ub) / s)
    }
    t1 <- predict(res, pi.type = "t")
    out$pi_t <- vec(c(t1$pi.lb, t1$pi.ub) / s)
  }
  out
}

pooled <- function(yi, vi, methods = c("EE", "DL", "PM", "REML"), tests = c("z", "knha", "adhoc")) {
  yi <- as.vector(yi); vi <- as.vector(vi)
  out <- list(yi = vec(yi), vi = vec(vi), fits = list())
  for (m in methods) for (t in tests) out$fits[[paste0(m, "_", t)]] <- fit(yi, vi, m, t)
  out
}

mh <- function(ai, n1i, ci, n2i, measure, ...) {
  res <- suppressWarnings(rma.mh(ai = ai, n1i = n1i, ci = ci, n2i = n2i, measure = measure, ...))
  list(k = res$k, k_yi = res$k.yi, estimate = res$beta[1], se = res$se, statistic = res$zval, p_value = res$pval,
       lower = res$ci.lb, upper = res$ci.ub, q = res$QE, q_p_value = res$QEp, i2 = res$I2, h2 = res$H2)
}

counts <- function(ai, n1i, ci, n2i) {
  list(events_treatment = vec(ai), n_treatment = vec(n1i), events_control = vec(ci), n_control = vec(n2i))
}

binary <- function(ai, n1i, ci, n2i) {
  out <- list(counts = counts(ai, n1i, ci, n2i))
  for (m in c("RR", "OR", "RD")) {
    e <- suppressWarnings(escalc(m, ai = ai, n1i = n1i, ci = ci, n2i = n2i))
    out[[m]] <- pooled(e$yi, e$vi)
    out[[m]]$MH <- mh(ai, n1i, ci, n2i, m)
    out[[m]]$MH_keep00 <- mh(ai, n1i, ci, n2i, m, drop00 = c(FALSE, FALSE))
  }
  out
}

zero_rules <- function(ai, n1i, ci, n2i) {
  out <- list(counts = counts(ai, n1i, ci, n2i))
  for (m in c("RR", "OR", "RD")) for (to in c("only0", "all", "if0all", "none")) for (add in c(0.5, 0.25)) {
    e <- suppressWarnings(escalc(m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, add = add, to = to))
    out[[paste(m, to, add, sep = "_")]] <- list(yi = vec(e$yi), vi = vec(e$vi))
  }
  out
}

continuous <- function(m1i, sd1i, n1i, m2i, sd2i, n2i) {
  out <- list(data = list(mean_treatment = vec(m1i), sd_treatment = vec(sd1i), n_treatment = vec(n1i),
                          mean_control = vec(m2i), sd_control = vec(sd2i), n_control = vec(n2i)))
  for (m in c("SMD", "MD")) {
    e <- escalc(m, m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i)
    out[[m]] <- pooled(e$yi, e$vi)
  }
  out
}

bcg <- dat.bcg
nie <- dat.nielweise2007
lee <- dat.lee2004
hine <- dat.hine1989
col <- dat.collins1985b
nor <- dat.normand1999
rau <- dat.raudenbush1985
hac <- dat.hackshaw1998

# trials with one zero cell, none, a full arm, no events at all, and events in everybody
z <- list(ai = c(0, 3, 10, 0, 12, 4), n1i = c(20, 25, 10, 30, 12, 40), ci = c(5, 0, 4, 0, 15, 9), n2i = c(22, 24, 12, 15, 15, 38))
zs <- list(ai = c(0, 3, 8, 0, 4, 7), n1i = c(20, 25, 30, 30, 40, 50), ci = c(5, 0, 11, 0, 9, 10), n2i = c(22, 24, 28, 15, 38, 55))

# Cooper 2003 (EPDS), Cooper et al.'s three comparisons as used by the review of parent-infant psychotherapy
epds <- list(m1 = rep(8.9, 3), s1 = rep(4.2, 3), n1 = rep(45, 3), m2 = c(11.3, 9.2, 9.9), s2 = c(4.8, 4.8, 5.9), n2 = c(50, 42, 47))

small <- escalc("SMD", m1i = c(1, 2), sd1i = c(1, 1.5), n1i = c(2, 3), m2i = c(0, 1), sd2i = c(1.2, 1), n2i = c(2, 3))

out <- list(
  meta = list(R = R.version.string, metafor = as.character(packageVersion("metafor")), metadat = as.character(packageVersion("metadat")),
              control = "threshold = 1e-13, tol = 1e-13, maxiter = 1e5", script = "tests/reference/make_metafor_tight.R"),
  bcg = binary(bcg$tpos, bcg$tpos + bcg$tneg, bcg$cpos, bcg$cpos + bcg$cneg),
  nielweise2007 = binary(nie$ai, nie$n1i, nie$ci, nie$n2i),
  lee2004 = binary(lee$ai, lee$n1i, lee$ci, lee$n2i),
  collins1985b = binary(col$pre.xti, col$pre.nti, col$pre.xci, col$pre.nci),
  hine1989 = binary(hine$ai, hine$n1i, hine$ci, hine$n2i),
  zeros = binary(zs$ai, zs$n1i, zs$ci, zs$n2i),
  zero_rules = zero_rules(z$ai, z$n1i, z$ci, z$n2i),
  normand1999 = continuous(nor$m1i, nor$sd1i, nor$n1i, nor$m2i, nor$sd2i, nor$n2i),
  epds = continuous(epds$m1, epds$s1, epds$n1, epds$m2, epds$s2, epds$n2),
  smd_tiny = list(yi = vec(small$yi), vi = vec(small$vi)),
  raudenbush1985 = pooled(rau$yi, rau$vi),
  hackshaw1998 = pooled(hac$yi, hac$vi),
  pip_secure = binary(c(31, 8), c(46, 14), c(9, 1), c(54, 54)),
  pip_insecure_to_secure = binary(c(25, 8), c(46, 14), c(4, 1), c(54, 54)),
  pip_avoidant = binary(c(8, 1), c(46, 14), c(19, 10), c(54, 54)),
  pip_disorganised = binary(c(5, 4), c(46, 14), c(22, 42), c(54, 54)),
  homogeneous = pooled(c(0.1, 0.12, 0.09, 0.15, 0.11), c(0.04, 0.09, 0.02, 0.1, 0.05)),
  wide_variances = pooled(c(0.3, -1.2, 2.5, 0.1, 0.8, -0.4), c(1e-3, 4, 0.5, 2e-2, 9, 0.3)),
  one_study = pooled(0.4, 0.09, methods = c("EE", "DL"), tests = "z")
)
cat(as_json(out), "\n")
