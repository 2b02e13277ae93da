package org.pgchorus.model;

/** A constraint's table and name as PostgreSQL stores them; names are unique per table only. */
public record ConstraintName(TableName table, String name) implements Comparable<ConstraintName> {
    @Override
    public int compareTo(ConstraintName other) {
        int byTable = table.compareTo(other.table);
        return byTable != 0 ? byTable : name.compareTo(other.name);
    }

    /** {@code name of schema.table} for people. */
    @Override
    public String toString() {
        return name + " of " + table;
    }
}
