/** Stories on real servers: whole groups, held links, killed processes; they end equal. */
package org.pgchorus.scenario;
