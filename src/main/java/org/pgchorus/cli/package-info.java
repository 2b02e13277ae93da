/**
 * What can be typed? One file per command.
 *
 * <p>Uses model, config, daemon, http, demo, bench and example; never pg.
 */
package org.pgchorus.cli;
