//! The label that shows where a pull request goes next.

use crate::verdict::Route;

/// Every label that this gate sets; of these a pull request has one at most.
pub const LABELS: [&str; 3] = ["t5:pr-doc-reviewer", "t5:perf-fixer", "t5:policy-fixer"];

/// The label of a route.
pub fn label(route: Route) -> &'static str {
    let [pr_doc_reviewer, perf_fixer, policy_fixer] = LABELS;
    match route {
        Route::PrDocReviewer => pr_doc_reviewer,
        Route::PerfFixer => perf_fixer,
        Route::PolicyFixer => policy_fixer,
    }
}
