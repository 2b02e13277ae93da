/**
 * What can be seen from outside? Health in Patroni's words, metrics, an API, a dashboard.
 *
 * <p>Doors: {@link org.pgchorus.http.Server}, {@link org.pgchorus.http.Binding} and {@link
 * org.pgchorus.http.Outcomes}. Everything is answered from what {@link org.pgchorus.daemon.Lookout}
 * saw last, but for the conflict history and the tables, which are asked for, and orders, which are
 * tasks.
 */
package org.pgchorus.http;
