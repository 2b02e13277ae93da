package org.pgchorus.pg;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.util.Properties;

/** Tells the driver of which kind a client's key is; it takes every PEM file for RSA otherwise. */
final class ClientKey {
    private ClientKey() {}

    /** An address's properties for the driver, with its key's algorithm if it has a certificate. */
    static Properties properties(Address address) {
        Properties properties = address.jdbcProperties();
        address.value(AddressParameter.SSLCERT)
                .map(Path::of)
                .filter(Files::isReadable)
                .ifPresent(file -> properties.setProperty("pemKeyAlgorithm", algorithm(file)));
        return properties;
    }

    private static String algorithm(Path certificate) {
        try (InputStream in = Files.newInputStream(certificate)) {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificate(in)
                    .getPublicKey()
                    .getAlgorithm();
        } catch (IOException | GeneralSecurityException e) {
            throw PgError.refused(
                    ("cannot read the certificate in %s: %s; cure: name in sslcert a"
                                    + " certificate in PEM or DER form")
                            .formatted(certificate, e.getMessage()),
                    e);
        }
    }
}
