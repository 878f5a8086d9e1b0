# Reference values for empirical Bayes estimates of studies' effects: metafor's blup() at tight tolerances.
#
#   Rscript tests/reference/make_shrunken.R > tests/reference/shrunken.json
#
# rma()'s absolute convergence criterion is set to 1e-14 times the mean sampling variance.

suppressMessages({library(metafor); library(metadat)})
source("tests/reference/json_out.R")

closed <- c("DL", "HE", "HS", "SJ", "EE")
one <- function(yi, vi, method, test) {
  vi <- as.vector(vi)
  control <- list(threshold = 1e-14 * mean(vi), maxiter = 1e5)
  if (method == "PM") control <- list(tol = 1e-14 * mean(vi), maxiter = 1e5)
  if (is.element(method, closed)) control <- list()
  b <- blup(suppressWarnings(rma(as.vector(yi), vi, method = method, test = test, control = control)))
  list(estimate = vec(b$pred), se = vec(b$se), lower = vec(b$pi.lb), upper = vec(b$pi.ub))
}
block <- function(yi, vi) {
  out <- list(yi = vec(yi), vi = vec(vi))
  for (method in c(closed, "REML", "ML", "EB", "PM"))
    for (test in if (method == "DL") c("z", "t", "knha", "adhoc") else "knha")
      out[[paste(method, test, sep = "_")]] <- one(yi, vi, method, test)
  out
}

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
normand <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
egger <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.egger2001)
hine <- escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989)
cat(as_json(list(
  meta = versions("make_shrunken.R"),
  bcg = block(bcg$yi, bcg$vi),
  raudenbush1985 = block(dat.raudenbush1985$yi, dat.raudenbush1985$vi),
  hackshaw1998 = block(dat.hackshaw1998$yi, dat.hackshaw1998$vi),
  normand1999 = block(normand$yi, normand$vi),
  egger2001 = block(egger$yi, egger$vi),
  hine1989 = block(hine$yi, hine$vi))), "\n")
