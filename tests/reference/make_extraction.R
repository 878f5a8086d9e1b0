# Reference values for extraction arithmetic: metafor's conv.fivenum, conv.2x2 and conv.wald, and R itself.
#
#   R_LIBS=... Rscript tests/reference/make_extraction.R > tests/reference/extraction.json
#
# conv.*() came with metafor 4.0; Debian 12 has 3.8-1, so that a newer one has to be in R_LIBS.

suppressMessages(library(metafor))
stopifnot(packageVersion("metafor") >= "5.0")

source("tests/reference/json_out.R")

# five numbers: metafor's own example, and groups of several sizes; method by method
five <- data.frame(
  min = c(2, NA, 2, 0.5, NA, -8, 10, NA, 1), q1 = c(NA, 4, 4, NA, 31.5, -2.5, 14, 100, 2),
  median = c(6, 6, 6, 3.2, 40, 0.4, 19, 130, 3), q3 = c(NA, 10, 14, NA, 52, 2.9, 25, 210, 9),
  max = c(14, NA, 20, 9.7, NA, 9.5, 34, NA, 30), n = c(20, 20, 20, 7, 131, 58, 800, 12, 40))
quantiles <- list(data = lapply(as.list(five), vec))
methods <- list(luo_shi = "luo/wan/shi", wan_wan = "wan2014")
for (name in names(methods)) {
  got <- do.call(conv.fivenum, c(as.list(five), list(method = methods[[name]], test = FALSE)))
  quantiles[[name]] <- list(mean = vec(got$mean), sd = vec(got$sd))
}
got <- do.call(conv.fivenum, as.list(five))
quantiles$test <- list(statistic = vec(attr(got$mean, "tval")), critical = vec(attr(got$mean, "crit")),
                       skewed = vec(attr(got$mean, "sig")))

# 2x2 tables of which the odds ratio is printed with two or three digits
tables <- data.frame(ai = c(31, 8, 4, 0, 62, 119, 17), bi = c(15, 6, 119, 13, 13536, 11, 3),
                     ci = c(9, 1, 11, 2, 248, 111, 17), di = c(45, 53, 128, 11, 12619, 19, 3))
or <- with(tables, signif(ai * di / (bi * ci), 4))
n1 <- tables$ai + tables$bi; total <- tables$ai + tables$ci; n <- rowSums(tables)
got <- conv.2x2(ori = or, ni = n, n1i = n1, n2i = total)
fourfold <- list(odds_ratio = vec(or), n_treatment = vec(n1), n_control = vec(n - n1), events_total = vec(total),
                 ai = vec(got$ai), ci = vec(got$ci))

# confidence intervals and p-values of effects, ratios by their logarithm
lower <- c(0.62, 0.11, 1.02); upper <- c(0.97, 0.93, 8.4); level <- c(95, 90, 99)
got <- conv.wald(out = log(c(0.77, 0.32, 2.9)), ci.lb = log(lower), ci.ub = log(upper), level = level)
ratio <- list(lower = vec(lower), upper = vec(upper), level = vec(level), se = vec(sqrt(got$vi)))
md <- c(3.8, -0.4, 12); p <- c(0.008, 0.3, 1e-7)
wald <- list(estimate = vec(md), p = vec(p), se = vec(sqrt(conv.wald(out = md, pval = p)$vi)))
df <- c(45, 8, 120)
student <- list(estimate = vec(md), p = vec(p), df = vec(df), se = vec(abs(md) / qt(1 - p / 2, df)),
                quantile = vec(qt(0.975, df)))

# groups combined: R's mean and sd of all participants, of data with the stated mean and SD exactly
exactly <- function(n, m, s) { x <- scale(seq_len(n)^1.5); as.vector(x) * s + m }
parts <- list(n = c(20, 30, 7), mean = c(10, 14, -2.5), sd = c(3, 4, 0.8))
all <- unlist(mapply(exactly, parts$n, parts$mean, parts$sd))
combined <- c(lapply(parts, vec), list(mean_of_all = mean(all), sd_of_all = sd(all)))

# a change: R's sd of a difference between two samples with exactly these SDs and this correlation
pair <- function(n, s1, s2, r) {
  z <- scale(cbind(seq_len(n), rep_len(c(3, -1, 4, -1, 5), n)))
  z <- z %*% solve(chol(cor(z))) %*% chol(matrix(c(1, r, r, 1), 2))
  sd(z[, 2] * s2 - z[, 1] * s1)
}
r <- c(-0.2, 0.3, 0.68, 0.9)
change <- list(sd_baseline = 6.4, sd_final = 7.1, r = vec(r), sd = vec(sapply(r, function(x) pair(23, 6.4, 7.1, x))))

cat(as_json(list(made_by = versions("make_extraction.R"), quantiles = quantiles, fourfold = fourfold, ratio = ratio,
                 wald = wald, student = student, combined = combined, change = change)), "\n", sep = "")
