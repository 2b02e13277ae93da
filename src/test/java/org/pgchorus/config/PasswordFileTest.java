package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The password file's lines match as libpq matches them. */
class PasswordFileTest {
    private static final Address ADDRESS = Address.parse("postgresql://ann@db1:6000/app");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "db1:6000:app:ann:pw | pw",
                "*:*:*:*:pw | pw",
                "*:6000:*:ann:a:b | a:b",
                "db1:6000:app:ann:a\\:b\\\\c | a:b\\c",
                "d\\b1:6000:app:ann:pw | pw",
                "db1:6000:app:ann:pw\\ | pw\\",
                "db1:6001:app:ann:pw | ",
                "db1:6000:app:ann | ",
                "db1:6000:app:ann: | ",
                "db:6000:app:ann:pw | ",
                "db12:6000:app:ann:pw | ",
                "db*:6000:app:ann:pw | ",
                "# db1:6000:app:ann:pw | ",
                "'' | ",
                "\\ | ",
            })
    void oneLine(String line, String password) {
        assertThat(PasswordFile.find(line + "\n", ADDRESS).orElse(null)).isEqualTo(password);
    }

    @Test
    void ofSeveralHostsTheFirstThatHasOneHasItForAll() {
        Address both = Address.parse("postgresql://ann@db1:6000,db2:6001/app");
        assertThat(PasswordFile.find("db2:6001:app:ann:two\n", both)).contains("two");
        assertThat(PasswordFile.find("db2:*:*:*:two\ndb1:*:*:*:one\n", both)).contains("one");
        assertThat(PasswordFile.find("db2:6000:app:ann:two\n", both)).isEmpty();
    }

    @Test
    void firstMatchWins() {
        assertThat(
                        PasswordFile.find(
                                "other:*:*:*:no\r\n\r\ndb1:*:*:*:first\r\n*:*:*:*:second", ADDRESS))
                .contains("first");
    }

    @Test
    void colonsAndBackslashesInNamesAreEscaped() {
        Address odd = Address.parse("host=::1 dbname='a:b' user='c\\\\d'");
        assertThat(PasswordFile.find("\\:\\:1:5432:a\\:b:c\\\\d:pw", odd)).contains("pw");
    }

    @Test
    void theNameCountsBeforeTheHostAddress() {
        Address both = Address.parse("host=db1 hostaddr=10.0.0.1 dbname=a user=u");
        assertThat(PasswordFile.find("10.0.0.1:*:*:*:no\ndb1:*:*:*:yes", both)).contains("yes");
    }
}
