package org.pgchorus.sql;

/** Which version of {@code surface.sql} a database has. */
public final class SurfaceSql {
    private SurfaceSql() {}

    /** The script's mark; null if it never ran, also where there is no column for it. */
    public static final String INSTALLED =
            "SELECT (SELECT to_jsonb(l) ->> 'surface' FROM pgchorus.local l)";

    /** Makes room for the mark, in databases of the first version. */
    public static final String ADD_MARK =
            "ALTER TABLE pgchorus.local ADD COLUMN IF NOT EXISTS surface text";

    /** Notes it; parameter: the mark. */
    public static final String MARK = "UPDATE pgchorus.local SET surface = ?";
}
