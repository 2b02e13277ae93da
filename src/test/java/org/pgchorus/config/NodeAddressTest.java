package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.model.NodeName;

/** {@code NAME=ADDRESS} splits at the first equals sign, whatever the address's form. */
class NodeAddressTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n1=postgresql://h/d?sslmode=require | n1 | postgresql://h/d?sslmode=require",
                "n1=host=h dbname=d sslmode=require | n1 | postgresql://h/d?sslmode=require",
                "host=host=h | host | postgresql://h",
                "user=postgresql://h | user | postgresql://h",
            })
    void nameThenAddress(String text, String name, String address) {
        assertThat(NodeAddress.parse(text))
                .isEqualTo(new NodeAddress(new NodeName(name), Address.parse(address)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://u:S3cr@h/d",
                "postgresql://u:S3cr@h/d?sslmode=require",
                "host=h dbname=d password=S3cr",
                "db1",
                ""
            })
    void bareAddressIsAskedForItsName(String text) {
        assertThatThrownBy(() -> NodeAddress.parse(text))
                .hasMessageContaining("NAME=ADDRESS")
                .hasMessageContaining("name is missing")
                .message()
                .doesNotContain("S3cr");
    }

    @Test
    void wrongNameAndWrongAddressAreSaid() {
        assertThatThrownBy(() -> NodeAddress.parse("N1=host=h"))
                .hasMessageContaining("node name \"N1\" is not allowed");
        assertThatThrownBy(() -> NodeAddress.parse("n1=hst=h"))
                .hasMessageContaining("node n1: unknown connection parameter \"hst\"");
    }

    @Test
    void noPasswordIsPrinted() {
        assertThat(NodeAddress.parse("n1=host=h password=S3cr")).hasToString("n1=postgresql://h");
    }
}
