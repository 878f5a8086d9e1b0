# Reference values for fail-safe N by Rosenthal, Orwin and Rosenberg: metafor's fsn().
#
#   Rscript tests/reference/make_fail_safe.R > tests/reference/fail_safe.json
#
# The general method is in metafor 5 only; its figures are those of metafor's own tests (test_misc_fsn.r).

suppressMessages({library(metafor); library(metadat)})
source("tests/reference/json_out.R")

block <- function(yi, vi) {
  yi <- as.vector(yi); vi <- as.vector(vi)
  list(yi = vec(yi), vi = vec(vi),
       rosenthal = vec(sapply(c(.05, .01), function(a) fsn(yi, vi, alpha = a)$fsnum)),
       rosenthal_p = fsn(yi, vi)$pval,
       rosenberg = vec(sapply(c(.05, .01), function(a) fsn(yi, vi, type = "Rosenberg", alpha = a)$fsnum)),
       rosenberg_p = fsn(yi, vi, type = "Rosenberg")$pval,
       orwin_target = mean(yi) / 3.7,
       orwin = fsn(yi, vi, type = "Orwin", target = mean(yi) / 3.7)$fsnum,
       weighted_target = weighted.mean(yi, 1 / vi) / 7.3,
       weighted = fsn(yi, vi, type = "Orwin", target = weighted.mean(yi, 1 / vi) / 7.3, weighted = TRUE)$fsnum)
}

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
egger <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.egger2001)
mcdaniel <- escalc("ZCOR", ri = ri, ni = ni, data = dat.mcdaniel1994)
cat(as_json(list(
  meta = versions("make_fail_safe.R"),
  bcg = block(bcg$yi, bcg$vi),
  raudenbush1985 = block(dat.raudenbush1985$yi, dat.raudenbush1985$vi),
  hackshaw1998 = block(dat.hackshaw1998$yi, dat.hackshaw1998$vi),
  mcdaniel1994 = block(mcdaniel$yi, mcdaniel$vi),
  egger2001 = block(egger$yi, egger$vi))), "\n")
