package org.pgchorus.member;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExaminerTest {
    @Test
    void olderServersAreRefusedByName() {
        assertThat(Examiner.tooOld("n1", 13).map(Finding::line))
                .hasValue(
                        "error: n1: version: the server is PostgreSQL 13, older than 14;"
                                + " cure: upgrade it to PostgreSQL 14 or later");
        assertThat(Examiner.tooOld("n1", 14)).isEmpty();
    }
}
