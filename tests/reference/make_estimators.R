# Reference values for every estimator of tau2, the intervals of tau2, and further tests of the mean.
#
#   Rscript tests/reference/make_estimators.R > tests/reference/estimators.json
#
# Iterations are run to 1e-13 on effects divided by a power of two near their standard deviation, as in
# make_metafor_tight.R, and reported on the original scale. What metafor could not compute is null. GENQM needs R's
# CompQuadForm (Farebrother's algorithm), which Debian does not have: in R_LIBS.

suppressMessages({library(metafor); library(metadat)})
options(warn = -1)
source("tests/reference/json_out.R")

tight <- list(threshold = 1e-13, tol = 1e-13, maxiter = 1e5)
search <- list(tol = 1e-13, maxiter = 1e5, tau2.max = 1e5)
estimators <- c("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ", "GENQM",
                "GENQM(1/vi)", "DL2")

estimate <- function(y, v, method, test = "z", weights = NULL) {
  control <- if (method %in% c("ML", "REML", "EB", "PM", "PMM")) tight else list()
  if (method %in% c("PM", "PMM")) control$tau2.max <- 1e5
  if (method == "GENQM") control <- list(tol = 1e-13, maxiter = 1e5, tau2.max = 100)
  args <- list(yi = y, vi = v, method = method, test = test, control = control)
  if (!is.null(weights)) args <- c(args, list(weights = weights, weighted = TRUE))
  tryCatch(suppressWarnings(do.call(rma, args)), error = function(e) NULL)
}
genq <- function(y, v, a, test, method = "GENQ") {
  step <- estimate(y, v, method, weights = a)
  res <- suppressWarnings(rma(y, v, tau2 = step$tau2, test = test))
  res$se.tau2 <- step$se.tau2
  res
}
fitted <- function(y, v, method, test = "z") {
  if (method == "GENQ") return(genq(y, v, 1 / sqrt(v), test))
  if (method == "GENQM") return(genq(y, v, 1 / sqrt(v), test, "GENQM"))
  if (method == "GENQM(1/vi)") return(genq(y, v, 1 / v, test, "GENQM"))
  if (method == "DL2") return(genq(y, v, 1 / (v + estimate(y, v, "DL")$tau2), test))
  estimate(y, v, method, test)
}

summarised <- function(y, v, s, method) {
  res <- fitted(y, v, method)
  if (is.null(res)) return(list(tau2 = NA))
  t <- fitted(y, v, method, "t")
  list(tau2 = res$tau2 / s^2, tau2_se = res$se.tau2 / s^2, estimate = res$beta[1] / s, se = res$se / s,
       i2 = res$I2, h2 = res$H2, t_lower = t$ci.lb / s, t_upper = t$ci.ub / s, t_p_value = t$pval)
}

limits <- function(res, type, s) {
  if (is.null(res)) return(vec(c(NA, NA)))
  ci <- tryCatch(suppressWarnings(confint(res, type = type, control = search)$random), error = function(e) NULL)
  if (is.null(ci)) return(vec(rep(NA, 6)))
  vec(c(ci["tau^2", 2:3] / s^2, ci["I^2(%)", 2:3], ci["H^2", 2:3]))
}

permuted <- function(y, v) {
  res <- estimate(y, v, "DL")
  if (res$k > 8) return(list(p_value = NA))
  list(p_value = permutest(res, exact = TRUE, progbar = FALSE)$pval)
}

block <- function(yi, vi) {
  keep <- !is.na(yi) & !is.na(vi)
  yi <- as.vector(yi[keep]); vi <- as.vector(vi[keep])
  s <- 2^-round(log2(sd(yi)))
  y <- yi * s; v <- vi * s^2
  out <- list(yi = vec(yi), vi = vec(vi), fits = list(), intervals = list())
  for (m in estimators) out$fits[[m]] <- summarised(y, v, s, m)
  for (m in c("DL", "ML", "REML")) {
    res <- fitted(y, v, m)
    out$intervals[[paste0("QP_", m)]] <- limits(res, "QP", s)
    out$intervals[[paste0("Wald_", m)]] <- limits(res, "Wald", s)
    if (m != "DL") out$intervals[[paste0("PL_", m)]] <- limits(res, "PL", s)
  }
  out$permutation <- list(DL = permuted(y, v))
  out
}
from <- function(e) block(e$yi, e$vi)

clasp <- list(n1 = c(156, 303, 565, 1570, 103, 4659), n2 = c(74, 303, 477, 1565, 105, 4650),
              a = c(5, 5, 12, 69, 9, 313), c = c(8, 17, 9, 94, 11, 352))
sbp <- list(y = c(0, 0.1, -0.4, -0.8, -0.63, 0.22, -0.34, -0.51, 0.03, -0.81),
            s = c(0.42347717, 0.21939179, 0.02551067, 0.19898325, 0.30102594, 0.30102594, 0.07142988, 0.10204269,
                  0.12245123, 0.30102594))
fleiss <- list(a = c(49, 44, 102, 32, 85, 246, 1570), n1 = c(615, 758, 832, 317, 810, 2267, 8587),
               c = c(67, 64, 126, 38, 52, 219, 1720), n2 = c(624, 771, 850, 309, 406, 2257, 8600))
jackson1 <- list(y = c(0.0267, 0.8242, 0.3930, 2.4405, 2.1401, 1.2528, 2.4849, 0.3087, 1.4246, 0.1823, 1.1378, 1.2321,
                       2.0695, 4.0237, 1.4383, 1.6021),
                 v = c(0.1285, 0.0315, 0.0931, 2.0967, 1.0539, 0.1602, 1.0235, 0.0218, 0.5277, 0.0556, 0.3304, 0.1721,
                       0.4901, 2.0200, 0.3399, 0.1830))
jackson2 <- list(y = c(0.54, 0.4, 0.64, 0.365, 0.835, 0.02, 0.12, 0.085, 1.18, 0.08, 0.18, 0.325, 0.06, 0.715, 0.065,
                       0.245, 0.24, 0.06, 0.19),
                 v = c(0.0176, 0.019, 0.0906, 0.0861, 0.0063, 0.0126, 0.0126, 0.0041, 0.0759, 0.0126, 0.0104, 0.0242,
                       0.0026, 0.2629, 0.0169, 0.0156, 0.0481, 0.0084, 0.0044))
viecht1 <- list(y = c(-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232),
                v = c(0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040))
viecht2 <- list(y = c(0.100, -0.162, -0.090, -0.049, -0.046, -0.010, -0.431, -0.261, 0.134, 0.019, 0.175, 0.056,
                      0.045, 0.103, 0.121, -0.482, 0.290, 0.342),
                v = c(0.016, 0.015, 0.050, 0.050, 0.032, 0.052, 0.036, 0.024, 0.034, 0.033, 0.031, 0.034, 0.039,
                      0.167, 0.134, 0.096, 0.016, 0.035))

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
linde <- dat.linde2005[c(7:10, 13:25), ]
pignon <- dat.pignon2000
hart <- dat.hart1999

out <- list(
  meta = c(versions("tests/reference/make_estimators.R"), control = "threshold = 1e-13, tol = 1e-13, maxiter = 1e5"),
  bcg_rr = block(bcg$yi, bcg$vi),
  bcg_or = from(escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)),
  bcg_rd = from(escalc("RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)),
  bcg_tiny = block(bcg$yi * 1e-9, bcg$vi * 1e-18),
  bcg_huge = block(bcg$yi * 1e9, bcg$vi * 1e18),
  clasp = from(escalc("OR", ai = clasp$a, n1i = clasp$n1, ci = clasp$c, n2i = clasp$n2)),
  viechtbauer2005a = block(viecht1$y, viecht1$v),
  viechtbauer2005b = block(viecht2$y, viecht2$v),
  collins1985b = from(escalc("OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci, data = dat.collins1985b)),
  jackson2014a = block(jackson1$y, jackson1$v),
  jackson2014b = block(jackson2$y, jackson2$v),
  sbp = block(sbp$y, sbp$s^2),
  fleiss1993 = from(escalc("RR", ai = fleiss$a, n1i = fleiss$n1, ci = fleiss$c, n2i = fleiss$n2)),
  raudenbush1985 = block(dat.raudenbush1985$yi, dat.raudenbush1985$vi),
  hackshaw1998 = block(dat.hackshaw1998$yi, dat.hackshaw1998$vi),
  bangertdrowns2004 = block(dat.bangertdrowns2004$yi, dat.bangertdrowns2004$vi),
  konstantopoulos2011 = block(dat.konstantopoulos2011$yi, dat.konstantopoulos2011$vi),
  normand1999_smd = from(escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                         data = dat.normand1999)),
  normand1999_md = from(escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                        data = dat.normand1999)),
  hine1989_rd = from(escalc("RD", n1i = n1i, n2i = n2i, ai = ai, ci = ci, data = dat.hine1989)),
  linde2005 = from(escalc("RR", ai = ai, ci = ci, n1i = n1i, n2i = n2i, data = linde)),
  lee2004 = from(escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.lee2004)),
  li2007 = from(escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007)),
  damico2009 = from(escalc("OR", ai = xt, n1i = nt, ci = xc, n2i = nc, data = dat.damico2009)),
  hart1999_irr = from(escalc("IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = hart)),
  pignon2000 = block(pignon$OmE / pignon$V, 1 / pignon$V),
  molloy2014 = from(escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014)),
  cohen1981 = from(escalc("ZCOR", ri = ri, ni = ni, data = dat.cohen1981)),
  mcdaniel1994 = from(escalc("ZCOR", ri = ri, ni = ni, data = dat.mcdaniel1994)),
  wide_variances = block(c(0.3, -1.2, 2.5, 0.1, 0.8, -0.4), c(1e-3, 4, 0.5, 2e-2, 9, 0.3)),
  homogeneous = block(c(0.1, 0.12, 0.09, 0.15, 0.11), c(0.04, 0.09, 0.02, 0.1, 0.05)),
  three_studies = block(c(0.1, 0.9, -0.4), c(0.05, 0.1, 0.02)),
  two_studies = block(c(-1.2, 0.4), c(0.04, 0.09))
)
cat(as_json(out), "\n")
