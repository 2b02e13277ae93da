package org.pgchorus.house.planted.helper;

/** Is in no room of the plan. */
public record Stray() {}
