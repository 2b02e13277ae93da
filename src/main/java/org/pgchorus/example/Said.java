package org.pgchorus.example;

/**
 * One call of the program.
 *
 * @param status its exit status
 * @param text what it printed, both outputs as they came
 */
public record Said(int status, String text) {}
