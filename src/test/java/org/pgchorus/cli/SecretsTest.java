package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    at postgresql://u:s3cret@h/db now       | at postgresql://u:***@h/db now
                    postgres://u:p@ss@h/db                  | postgres://u:***@h/db
                    n1=postgresql://u:s/cr?t@h:5432/db      | n1=postgresql://u:***@h:5432/db
                    host=h password=s3cret user=u           | host=h password=*** user=u
                    password = 's3 c\\'ret' user=u          | password = *** user=u
                    postgresql://h/db?password=x&user=u     | postgresql://h/db?password=***&user=u
                    postgresql://h/db?sslpassword=x         | postgresql://h/db?sslpassword=***
                    postgresql://u@h:5432/db                | postgresql://u@h:5432/db
                    """)
    void passwordsAreTakenOut(String text, String hidden) {
        assertThat(Secrets.hidden(text)).isEqualTo(hidden);
    }
}
