/**
 * How fast is it, beside what PostgreSQL does itself on the same servers? May use model, config,
 * pg, member, daemon, http and demo. Everything here is measured in the run that prints it.
 */
package org.pgchorus.bench;
