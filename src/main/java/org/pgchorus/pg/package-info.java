/**
 * What does PostgreSQL say? Connections, statements, the replication stream, errors by kind.
 *
 * <p>The only room with JDBC and with sockets to PostgreSQL. Uses {@code model}, {@code pgoutput},
 * {@code conflict}, {@code sql}, {@code config}.
 */
package org.pgchorus.pg;
