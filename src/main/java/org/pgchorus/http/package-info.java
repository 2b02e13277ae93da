/**
 * What can be seen from outside? Health in Patroni's words, metrics, an API that reads.
 *
 * <p>Doors: {@link org.pgchorus.http.Server} and {@link org.pgchorus.http.Binding}. Everything is
 * answered from what {@link org.pgchorus.daemon.Lookout} saw last, but for the conflict history and
 * the tables, which are asked for.
 */
package org.pgchorus.http;
