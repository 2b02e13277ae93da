package org.pgchorus.model;

/** A table's schema and name as PostgreSQL stores them, without quotes. */
public record TableName(String schema, String name) implements Comparable<TableName> {
    @Override
    public int compareTo(TableName other) {
        int bySchema = schema.compareTo(other.schema);
        return bySchema != 0 ? bySchema : name.compareTo(other.name);
    }

    /** {@code schema.name} for people; not quoted, so not for SQL. */
    @Override
    public String toString() {
        return schema + "." + name;
    }
}
