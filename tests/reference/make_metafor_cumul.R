# Reference values for cumulative meta-analysis, made with metafor's cumul() at tight tolerances.
#
#   Rscript tests/reference/make_metafor_cumul.R > tests/reference/metafor_cumul.json
#
# The BCG trials (log risk ratios) in the order of their years; the two of 1973 in the order of the table.
# From two trials on; numbers are printed with 17 significant digits.

suppressMessages({library(metafor); library(metadat)})

row <- function(x) paste0("[", paste(sprintf("%.17g", x[-1]), collapse = ", "), "]")
e <- escalc("RR", ai = dat.bcg$tpos, bi = dat.bcg$tneg, ci = dat.bcg$cpos, di = dat.bcg$cneg)
bcg <- data.frame(yi = as.vector(e$yi), vi = as.vector(e$vi), trial = dat.bcg$trial)[order(dat.bcg$year), ]
entry <- function(method, test) {
  control <- if (method == "REML") list(threshold = 1e-13, tol = 1e-13, maxiter = 1e5) else list()
  res <- cumul(rma(yi, vi, data = bcg, method = method, test = test, control = control))
  paste0("\"", method, "_", test, "\": {\"estimate\": ", row(res$estimate), ",\n\"lower\": ", row(res$ci.lb),
         ",\n\"upper\": ", row(res$ci.ub), "}")
}
cat(paste0("{\"meta\": {\"R\": \"", R.version.string, "\", \"metafor\": \"", packageVersion("metafor"),
           "\", \"script\": \"tests/reference/make_metafor_cumul.R\"},\n\"trial\": [",
           paste(bcg$trial, collapse = ", "), "],\n",
           paste(entry("REML", "z"), entry("REML", "knha"), entry("DL", "z"), sep = ",\n"), "}\n"))
