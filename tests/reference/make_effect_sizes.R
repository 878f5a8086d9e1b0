# Reference values for every effect measure: metafor's escalc() on data of metadat and of metafor's tests.
#
#   Rscript tests/reference/make_effect_sizes.R > tests/reference/effect_sizes.json
#
# Each case holds its data under metafor's letters, and yi and vi; counts with every rule add/to.

suppressMessages({library(metafor); library(metadat)})

source("tests/reference/json_out.R")

case <- function(measure, ..., add = 1/2, to = "only0", vtype = "LS", code = measure) {
  data <- lapply(list(...), as.numeric)  # products of integers overflow in R
  e <- suppressWarnings(do.call(escalc, c(list(measure = measure, add = add, to = to, vtype = vtype), data)))
  list(measure = code, add = add, to = to, vtype = vtype, data = lapply(data, vec), yi = vec(e$yi), vi = vec(e$vi))
}
rules <- list(c(0.5, "only0"), c(0.5, "all"), c(0.5, "if0all"), c(0.5, "none"), c(0.1, "only0"))
cases <- list()
keep <- function(name, found) cases[[name]] <<- found
each_rule <- function(measures, name, ...) for (m in measures) for (r in rules) {
  keep(paste(m, name, r[1], r[2], sep = "_"), case(m, ..., add = as.numeric(r[1]), to = r[2]))
}
each <- function(measures, name, ...) for (m in measures) keep(paste(m, name, sep = "_"), case(m, ...))

b <- dat.bcg
arms <- c("RR", "OR", "RD", "AS", "PETO", "PHI", "YUQ", "YUY", "PBIT", "OR2D", "OR2DN")
each_rule(arms, "bcg", ai = b$tpos, n1i = b$tpos + b$tneg, ci = b$cpos, n2i = b$cpos + b$cneg)
w <- dat.nielweise2007
each_rule(arms, "nielweise2007", ai = w$ai, n1i = w$n1i, ci = w$ci, n2i = w$n2i)
y <- dat.yusuf1985
y <- y[complete.cases(y[, c("ai", "n1i", "ci", "n2i")]), ]
each_rule(arms, "yusuf1985", ai = y$ai, n1i = y$n1i, ci = y$ci, n2i = y$n2i)
h <- dat.hart1999
each_rule(c("IRR", "IRD", "IRSD"), "hart1999", x1i = h$x1i, t1i = h$t1i, x2i = h$x2i, t2i = h$t2i)
z <- dat.nielweise2008
each_rule(c("IRR", "IRD", "IRSD"), "nielweise2008", x1i = z$x1i, t1i = z$t1i, x2i = z$x2i, t2i = z$t2i)
each_rule(c("IR", "IRLN", "IRS", "IRFT"), "nielweise2008", xi = z$x1i, ti = z$t1i)
# the same with no event under treatment in the first trial, none at all in the second
x1 <- replace(z$x1i, 1:2, 0); x2 <- replace(z$x2i, 2, 0)
each_rule(c("IRR", "IRD", "IRSD"), "nielweise2008_zeros", x1i = x1, t1i = z$t1i, x2i = x2, t2i = z$t2i)
each_rule(c("IR", "IRLN", "IRS", "IRFT"), "nielweise2008_zeros", xi = x1, ti = z$t1i)
p <- dat.pritz1997
each_rule(c("PR", "PLN", "PLO", "PAS", "PFT"), "pritz1997", xi = p$xi, ni = p$ni)
each_rule(c("PR", "PLN", "PLO", "PAS", "PFT"), "nielweise2007", xi = w$ai, ni = w$n1i)
each_rule(c("MPRR", "MPOR", "MPORC", "MPPETO"), "pairs", ai = c(20, 7, 0), bi = c(10, 3, 4), ci = c(5, 0, 2), di = c(20, 12, 9))

n <- dat.normand1999
means <- function(name, d) {
  letters <- as.list(d[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")])
  for (m in c("MD", "SMD", "SMDH", "SMD1", "ROM", "CVR", "RPB", "RBIS")) {
    keep(paste(m, name, sep = "_"), do.call(case, c(list(m), letters)))
  }
  keep(paste0("VR_", name), do.call(case, c(list("VR"), letters[c("sd1i", "n1i", "sd2i", "n2i")])))
  swapped <- setNames(letters, c("m2i", "sd2i", "n2i", "m1i", "sd1i", "n1i"))
  found <- do.call(case, c(list("SMD1"), swapped, list(code = "SMD1T")))
  found$data <- lapply(letters, vec); found$yi <- vec(-found$yi)
  keep(paste0("SMD1T_", name), found)
}
means("normand1999", n)
means("curtis1998", dat.curtis1998[1:25, ])
each(c("MN", "MNLN"), "normand1999", mi = n$m1i, sdi = n$sd1i, ni = n$n1i)
r <- dat.mcdaniel1994
each(c("COR", "UCOR", "ZCOR"), "mcdaniel1994", ri = r$ri, ni = r$ni)
a <- dat.aloe2013
each(c("PCOR", "ZPCOR"), "aloe2013", ti = a$tval, ni = a$n, mi = a$preds)
# Morris (2008): treatment group, pre and post
m <- data.frame(m_pre = c(30.6, 23.5, 0.5, 53.4, 35.6), m_post = c(38.5, 26.8, 0.7, 75.9, 36),
                sd_pre = c(15.0, 3.1, 0.1, 14.5, 4.7), sd_post = c(11.6, 4.1, 0.1, 4.4, 4.6),
                ni = c(20, 50, 9, 10, 14), ri = c(.47, .64, .77, .89, .44))
each(c("MC", "SMCC", "ROMC"), "morris2008", m1i = m$m_post, sd1i = m$sd_post, m2i = m$m_pre, sd2i = m$sd_pre,
     ri = m$ri, ni = m$ni)
each("SMCR", "morris2008", m1i = m$m_post, m2i = m$m_pre, sd1i = m$sd_pre, ri = m$ri, ni = m$ni)

each("SMCRH", "morris2008", m1i = m$m_post, m2i = m$m_pre, sd1i = m$sd_pre, sd2i = m$sd_post, ri = m$ri, ni = m$ni)
# Morris (2008): control group
q <- data.frame(m_pre = c(23.1, 24.9, 0.6, 55.7, 34.8), m_post = c(19.7, 25.3, 0.6, 60.7, 33.4),
                sd_pre = c(13.8, 4.1, 0.2, 17.3, 3.1), sd_post = c(14.8, 3.3, 0.2, 17.9, 6.9),
                ni = c(20, 42, 9, 11, 14), ri = c(.47, .64, .77, .89, .44))
each("SMCR", "morris2008_control", m1i = q$m_post, m2i = q$m_pre, sd1i = q$sd_pre, ri = q$ri, ni = q$ni)
each("SMD", "morris2008_before", m1i = m$m_pre, sd1i = m$sd_pre, n1i = m$ni, m2i = q$m_pre, sd2i = q$sd_pre, n2i = q$ni)

# other sampling variances
other <- function(measure, vtypes, ...) for (v in vtypes) {
  keep(paste(measure, v, sep = "_"), case(measure, ..., add = 0, to = "none", vtype = v))
}
counts <- list(ai = b$tpos, n1i = b$tpos + b$tneg, ci = b$cpos, n2i = b$cpos + b$cneg)
do.call(other, c(list("RD", c("UB", "AV")), counts))
do.call(other, c(list("PHI", "ST"), counts))
two <- as.list(n[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")])
for (kind in list(list("MD", "HO"), list("SMD", c("UB", "LS2", "AV")), list("SMD1", c("UB", "LS2", "AV")),
                  list("ROM", c("HO", "AV", "AVHO")), list("RPB", "CS"))) do.call(other, c(kind, two))
other("COR", "AV", ri = r$ri, ni = r$ni)
other("UCOR", c("UB", "AV"), ri = r$ri, ni = r$ni)
other("PR", c("UB", "AV"), xi = p$xi, ni = p$ni)
other("PLN", "AV", xi = p$xi, ni = p$ni)
other("PLO", "AV", xi = b$tpos, ni = b$tpos + b$tneg)
other("SMCC", "LS2", m1i = m$m_post, sd1i = m$sd_post, m2i = m$m_pre, sd2i = m$sd_pre, ri = m$ri, ni = m$ni)
other("SMCR", "LS2", m1i = m$m_post, m2i = m$m_pre, sd1i = m$sd_pre, ri = m$ri, ni = m$ni)

# tetrachoric correlations: metafor's optimiser ends at four digits, so that the equation is solved here on mvtnorm's
# bivariate normal probabilities, and the information is differentiated; metafor's own are kept beside
tight <- function(a, b, c, d) {
  n <- a + b + c + d
  both <- function(rho, row, column) {
    as.numeric(mvtnorm::pmvnorm(upper = c(column, row), corr = matrix(c(1, rho, rho, 1), 2),
                                algorithm = mvtnorm::TVPACK(abseps = 1e-15)))
  }
  row <- qnorm((a + b) / n); column <- qnorm((a + c) / n)
  rho <- uniroot(function(x) both(x, row, column) - a / n, c(-0.99999, 0.99999), tol = 1e-15)$root
  minus <- function(at) {
    p <- both(at[1], at[2], at[3]); pr <- pnorm(at[2]); pc <- pnorm(at[3])
    -(a * log(p) + b * log(pr - p) + c * log(pc - p) + d * log(1 - pr - pc + p))
  }
  list(yi = rho, vi = solve(numDeriv::hessian(minus, c(rho, row, column)))[1, 1])
}
tetra <- function(name, ai, n1i, ci, n2i, add) {
  found <- case("RTET", ai = ai, n1i = n1i, ci = ci, n2i = n2i, add = add)
  zero <- ai == 0 | ci == 0 | ai == n1i | ci == n2i
  extra <- ifelse(zero, add, 0)
  solved <- Map(tight, ai + extra, n1i - ai + extra, ci + extra, n2i - ci + extra)
  found$metafor <- vec(found$yi)
  found$yi <- vec(sapply(solved, function(x) x$yi)); found$vi <- vec(sapply(solved, function(x) x$vi))
  keep(paste("RTET", name, sep = "_"), found)
}
tetra("bcg", b$tpos, b$tpos + b$tneg, b$cpos, b$cpos + b$cneg, 0.5)
tetra("nielweise2007", w$ai, w$n1i, w$ci, w$n2i, 0.5)

# effects that share a control arm: Gleser and Olkin (2009), Table 19.1, treatment first
g <- data.frame(study = c(1, 1, 2, 3, 3, 3), trt = c("1", "2", "1", "1", "2", "3"),
                ai = c(100, 150, 15, 40, 80, 50), n1i = c(4000, 4000, 400, 1000, 1000, 1000),
                ci = c(40, 40, 10, 150, 150, 150), n2i = c(1000, 1000, 200, 2000, 2000, 2000))
e <- escalc("AS", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = g)
shared <- vcalc(vi, cluster = study, grp1 = trt, grp2 = rep("control", 6), w1 = n1i, w2 = n2i, data = e)

cat(as_json(c(list(made_with = versions("make_effect_sizes.R"), shared_arm_AS = vec(shared)), cases)), "\n")
