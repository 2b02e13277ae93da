package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Laws of addresses over hostile values: quotes, percent signs, separators, any script. */
class AddressPropertyTest {
    private static final String SECRET = "S3cr";

    @Property(tries = 500)
    void textReadsBackWithoutThePasswords(@ForAll("addresses") Address address) {
        assertThat(Address.parse(address.text())).isEqualTo(address.withoutPassword());
        assertThat(Address.parse(address.text()).text()).isEqualTo(address.text());
    }

    @Property(tries = 500)
    void noTextShowsThePassword(@ForAll("addresses") Address address) {
        assertThat(
                        address.text()
                                + address
                                + new NodeAddress(new org.pgchorus.model.NodeName("n"), address))
                .doesNotContain(SECRET);
    }

    @Property(tries = 500)
    void quotedWordsReadBack(@ForAll("addresses") Address address) {
        var words = new StringBuilder();
        for (AddressParameter parameter : AddressParameter.values()) {
            address.value(parameter)
                    .ifPresent(value ->
                            words.append(parameter.word())
                                    .append("='")
                                    .append(value.replace("\\", "\\\\").replace("'", "\\'"))
                                    .append("' "));
        }
        if (!words.isEmpty()) {
            assertThat(Address.parse(words.toString())).isEqualTo(address);
        }
    }

    @Property(tries = 500)
    void anyTextIsReadOrRefusedNeverBroken(@ForAll("texts") String text) {
        try {
            Address.parse("postgresql://" + text).text();
            Address.parse(text);
        } catch (IllegalArgumentException refused) {
            assertThat(refused).hasMessageMatching("(?s).{10,}");
        }
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().withChars("ab1=%@:/?&[]' \\,\n\u0000é").ofMaxLength(30);
    }

    @Provide
    Arbitrary<Address> addresses() {
        Arbitrary<String> value =
                Arbitraries.strings().withChars("ab1=%@:/?&[]'\"\\+#; \n,é\u4e2d").ofMaxLength(12);
        Arbitrary<String> host =
                Arbitraries.of("", "db1", "::1", "fe80::1%eth0", "10.0.0.1", "höst");
        Arbitrary<String> port = Arbitraries.integers().between(1, 65_535).map(String::valueOf);
        return Arbitraries.maps(Arbitraries.of(AddressParameter.class), value)
                .ofMaxSize(8)
                .flatMap(values -> host.flatMap(h -> port.map(p -> address(values, h, p))));
    }

    private static Address address(Map<AddressParameter, String> values, String host, String port) {
        var full = new EnumMap<AddressParameter, String>(AddressParameter.class);
        values.forEach((parameter, value) -> {
            switch (parameter.word().toLowerCase(Locale.ROOT)) {
                case "password", "sslpassword" -> full.put(parameter, value + SECRET);
                case "dbname", "user", "passfile", "options", "application_name", "sslkey" ->
                        full.put(parameter, value);
                case "sslmode" -> full.put(parameter, "require");
                default -> full.put(AddressParameter.SSLROOTCERT, value);
            }
        });
        full.put(AddressParameter.HOST, host);
        full.put(AddressParameter.PORT, port);
        return Address.of(full);
    }
}
