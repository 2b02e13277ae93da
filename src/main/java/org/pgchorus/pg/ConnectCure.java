package org.pgchorus.pg;

import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.SSLException;

/**
 * What to do when a server cannot be connected to. Pure.
 *
 * <p>The driver gives one SQLSTATE to many reasons, so these are told by its words, which come in
 * the language of the machine; where they are not known the SQLSTATE alone decides.
 */
final class ConnectCure {
    private static final String PASSWORD =
            "give the right password in PGPASSWORD, ~/.pgpass or a service file";

    private static final String CHANNEL =
            "let this role in by \"hostssl ... scram-sha-256\" in pg_hba.conf, give it a password"
                    + " of that kind, and encrypt (sslmode=verify-full); without"
                    + " channel_binding=require another server could stand in between";

    private static final String AUTHORITY =
            "name in sslrootcert the file with the authority that signed the server's certificate";

    private static final String KEY =
            "name in sslkey the key of sslcert, PKCS#8 in PEM or DER form: openssl pkcs8 -topk8"
                    + " -nocrypt -in client.key -out client.pem";

    /** Parts of the driver's messages, and what helps. */
    private static final Map<String, String> BY_WORDS =
            Map.ofEntries(
                    Map.entry("password was provided", PASSWORD),
                    Map.entry("password is an empty string", PASSWORD),
                    Map.entry("hannel binding is required", CHANNEL),
                    Map.entry("hannel Binding is required", CHANNEL),
                    Map.entry(
                            "could not be verified by hostnameverifier",
                            "connect by a name that stands in the server's certificate, or have one"
                                    + " made for this name"),
                    Map.entry(
                            "does not support SSL",
                            "set ssl = on at the server; with sslmode=disable everybody on the way"
                                    + " could read everything"),
                    Map.entry(
                            "valid client certificate",
                            "name in sslcert and sslkey a certificate that the server's ssl_ca_file"
                                    + " signed"),
                    Map.entry(
                            "certificate authentication failed",
                            "name in sslcert a certificate whose common name is the role"),
                    Map.entry("SSL root certificate", AUTHORITY),
                    Map.entry("PKIX", AUTHORITY),
                    Map.entry(
                            "SSL certificate file", "name in sslcert the file of the certificate"),
                    Map.entry("SSL key file", KEY),
                    Map.entry("Could not load the private key", KEY));

    private ConnectCure() {}

    /** The cure, with what separates it from the problem; empty if there is none to tell. */
    static String of(Throwable error, String sqlState) {
        return byWords(error)
                .or(() -> bySqlState(error, sqlState))
                .map("; cure: "::concat)
                .orElse("");
    }

    private static Optional<String> byWords(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            String message = String.valueOf(at.getMessage());
            for (var known : BY_WORDS.entrySet()) {
                if (message.contains(known.getKey())) {
                    return Optional.of(known.getValue());
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> bySqlState(Throwable error, String sqlState) {
        return switch (sqlState) {
            case "28P01" -> Optional.of(PASSWORD);
            case "28000" -> Optional.of("let this role and address in, in pg_hba.conf");
            case "3D000" -> Optional.of("create the database, or correct its name");
            case "08004" ->
                    Optional.of(
                            "compare sslmode, channel_binding and the password with what the"
                                    + " server's pg_hba.conf asks for");
            case "08001", "08006" ->
                    Optional.of(
                            isOfTls(error)
                                    ? "compare sslmode, sslrootcert, sslcert and sslkey with the"
                                            + " server's certificates"
                                    : "start the server, or correct host and port");
            default -> Optional.empty();
        };
    }

    private static boolean isOfTls(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            if (at instanceof SSLException || at instanceof GeneralSecurityException) {
                return true;
            }
        }
        return false;
    }
}
