package org.pgchorus.model;

import java.util.List;
import java.util.Set;

/**
 * One rule of a table, beyond its key, that two rows may not break together: a unique index, a
 * unique constraint or an exclusion constraint, as one node's catalog describes it.
 *
 * <p>Two rows clash on it if both satisfy {@code predicate} and every element's operator says yes
 * to their two values. An operator says nothing about a NULL, so NULLs do not clash, unless {@code
 * nullsNotDistinct}.
 *
 * @param name the index's name
 * @param deferrable whether the server may check it only at commit
 * @param nullsNotDistinct whether two NULLs are equal here
 * @param predicate the condition of a partial index as SQL; empty if it is for all rows
 * @param columns every column that the outcome depends on, those in expressions, in the predicate
 *     and behind generated columns included
 */
public record Uniqueness(
        String name,
        Kind kind,
        boolean deferrable,
        boolean nullsNotDistinct,
        List<Element> elements,
        String predicate,
        List<Column> columns) {
    /** Copies the lists; refuses a rule without elements. */
    public Uniqueness {
        elements = List.copyOf(elements);
        columns = List.copyOf(columns);
        if (elements.isEmpty()) {
            throw new IllegalArgumentException("the uniqueness " + name + " has no elements");
        }
    }

    /** What made it. */
    public enum Kind {
        /** A unique index that no constraint stands on. */
        UNIQUE_INDEX,
        /** A unique constraint, or a primary key that does not tell rows apart here. */
        UNIQUE_CONSTRAINT,
        /** An exclusion constraint, or a key {@code WITHOUT OVERLAPS}. */
        EXCLUSION_CONSTRAINT
    }

    /**
     * What is compared.
     *
     * @param expression a bare column name or an expression over bare column names, as SQL
     * @param operator the operator that says whether two values clash, as {@code
     *     OPERATOR(schema.=)}
     * @param collation the collation to compare by, as SQL; empty if it is the column's own
     */
    public record Element(String expression, String operator, String collation) {}

    /**
     * A column that the outcome depends on.
     *
     * @param collation the column's collation as SQL; empty if its type has none
     * @param generation the expression it is computed from; empty for an ordinary column
     */
    public record Column(String name, String collation, String generation) {
        /** Whether its value is computed from other columns. */
        public boolean generated() {
            return !generation.isEmpty();
        }
    }

    /** Whether a change of these columns can change its outcome. */
    public boolean dependsOn(Set<String> changed) {
        return columns.stream().map(Column::name).anyMatch(changed::contains);
    }
}
