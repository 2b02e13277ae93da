package org.pgchorus.pg;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose password files are read. */
class CredentialsTest {
    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    rw-------, ann,  ann,  false
                    r--------, ann,  ann,  false
                    rw-r-----, ann,  ann,  true
                    rw-r--r--, ann,  ann,  true
                    rw----r--, ann,  ann,  true
                    rw-r-----, root, root, true
                    r--r-----, root, ?,    false
                    rw-r-----, root, ann,  false
                    rw-rw----, root, ann,  true
                    rw-r--r--, root, ann,  true
                    rw-r-----, bob,  ann,  true
                    """)
    void whatOthersMayReadIsOpen(String permissions, String owner, String user, boolean open) {
        assertThat(Credentials.isOpen(permissions, owner, user)).isEqualTo(open);
    }
}
