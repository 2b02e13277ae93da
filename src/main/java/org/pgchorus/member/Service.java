package org.pgchorus.member;

/**
 * Who runs the server, which decides where a setting is changed and who may give a right. Told by
 * the roles that each service makes. Pure.
 *
 * <p>Source: the manuals of the services; nothing here has been tried on one.
 */
enum Service {
    /** Somebody with a shell on the machine. */
    PLAIN(
            "ALTER SYSTEM SET %1$s = '%2$s'; then restart the server",
            "ALTER SYSTEM SET %1$s = '%2$s'; then SELECT pg_reload_conf()", "a superuser"),

    /** Amazon RDS. */
    RDS(
            "set %1$s = %2$s in the DB parameter group; then reboot the instance",
            "set %1$s = %2$s in the DB parameter group", "rds_superuser"),

    /** Amazon Aurora. */
    AURORA(
            "set %1$s = %2$s in the DB cluster parameter group; then reboot the writer",
            "set %1$s = %2$s in the DB cluster parameter group", "rds_superuser"),

    /** Google Cloud SQL. */
    CLOUD_SQL(
            "set the flag %1$s = %2$s of the instance; it restarts by itself",
            "set the flag %1$s = %2$s of the instance", "cloudsqlsuperuser"),

    /** Azure Database for PostgreSQL, flexible server. */
    AZURE(
            "set the server parameter %1$s = %2$s; then restart the server",
            "set the server parameter %1$s = %2$s", "azure_pg_admin");

    private final String restart;
    private final String reload;
    private final String administrator;

    Service(String restart, String reload, String administrator) {
        this.restart = restart;
        this.reload = reload;
        this.administrator = administrator;
    }

    /** How a setting that needs a restart is changed; a statement, if any, is first. */
    String change(String setting, Object value) {
        if (!setting.equals("wal_level")) {
            return restart.formatted(setting, value);
        }
        return switch (this) {
            case RDS, AURORA -> restart.formatted("rds.logical_replication", "1");
            case CLOUD_SQL -> restart.formatted("cloudsql.logical_decoding", "on");
            case PLAIN, AZURE -> restart.formatted(setting, value);
        };
    }

    /** How a setting is changed that counts without a restart. */
    String changeAtOnce(String setting, Object value) {
        return reload.formatted(setting, value);
    }

    /**
     * How a role comes to use slots.
     *
     * @param role quoted
     */
    String grantReplication(String role) {
        return switch (this) {
            case RDS, AURORA -> "GRANT rds_replication TO " + role;
            case PLAIN, CLOUD_SQL, AZURE -> "ALTER ROLE " + role + " REPLICATION";
        };
    }

    /**
     * How a role comes to have a right that only the service's administrators can have; {@code
     * plain} is what gives it where there is a superuser.
     */
    String grant(String plain, String role) {
        return this == PLAIN
                ? plain
                : plain + "; if that is refused here: GRANT " + administrator + " TO " + role;
    }

    /** The same where nothing less than a superuser will do on a plain server. */
    String grantAll(String role) {
        return this == PLAIN
                ? "ALTER ROLE %s SUPERUSER; before version 15 nothing less will do".formatted(role)
                : "GRANT %s TO %s".formatted(administrator, role);
    }
}
