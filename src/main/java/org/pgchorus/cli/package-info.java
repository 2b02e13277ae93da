/**
 * What can be typed? One file per command.
 *
 * <p>Uses model, config, daemon, http, demo and bench; never pg.
 */
package org.pgchorus.cli;
