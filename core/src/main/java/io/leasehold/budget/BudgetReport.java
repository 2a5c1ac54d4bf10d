package io.leasehold.budget;

import static io.leasehold.text.Texts.format;

/// The report of a budget and of the budgets below it, for people.
///
/// **Threads.** Confined to the calling thread.
final class BudgetReport {

    private final StringBuilder text = new StringBuilder();
    private int left; // budgets that may still be named

    private BudgetReport(int maxBudgets) {
        this.left = maxBudgets;
    }

    /// {@return the report: `network 12 of 16 B (cache 8 of 8 B, and 3 more)`}
    ///
    /// @param maxBudgets maximum number of budgets to name, at least 1
    static String of(MemoryBudget budget, int maxBudgets) {
        BudgetReport report = new BudgetReport(maxBudgets);
        report.append(budget);
        return report.text.toString();
    }

    private void append(MemoryBudget budget) {
        text.append(format("%s %,d of %,d B", budget.name(), budget.usedBytes(), budget.byteLimit()));
        left--;
        int unnamed = 0;
        String before = " (";
        for (MemoryBudget child : budget.children.largestFirst().toList()) {
            if (left == 0) {
                unnamed++;
            } else {
                text.append(before);
                append(child);
                before = ", ";
            }
        }
        if (unnamed > 0) {
            text.append(before).append("and ").append(unnamed).append(" more)");
        } else if (before.equals(", ")) {
            text.append(')');
        }
    }
}
