/**
 * What do these bytes say? One message of PostgreSQL's {@code pgoutput} plugin becomes one {@link
 * org.pgchorus.pgoutput.Message}.
 *
 * <p>Doors: {@link org.pgchorus.pgoutput.Decoder} in, {@link org.pgchorus.pgoutput.Message} out,
 * {@link org.pgchorus.pgoutput.MalformedMessage} if the bytes say nothing. Pure: no input or
 * output, no clock, no state from one message to the next. Uses only {@code model}.
 */
package org.pgchorus.pgoutput;
