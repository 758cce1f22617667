// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Keys and certificates, made by the platform's keytool, and stores of every kind made of them. */
final class Certificates {

    static final String PASSWORD = "a password";
    private static final String ALIAS = "it";

    private final Path directory;

    /** Makes files in a directory of this name in the build's. */
    Certificates(String name) {
        try {
            directory = Files.createDirectories(Path.of("target", "keys", name));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A key with a certificate that it has signed itself, in a PKCS12 store. */
    Path keyStore(String name, String algorithm, String alternativeNames) {
        Path file = directory.resolve(name + ".p12");
        deleteIfThere(file);
        keytool(
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + name + ", O=Varve",
                "-ext",
                "san=" + alternativeNames,
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD);
        return file;
    }

    /** An earlier run may have left it. */
    private static void deleteIfThere(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void keytool(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException("keytool failed: " + Arrays.toString(arguments) + "\n" + output);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A store of a given type that trusts the certificates of key stores. */
    Path trustStore(String name, String type, Path... keyStores) {
        try {
            KeyStore trust = KeyStore.getInstance(type);
            trust.load(null, null);
            for (Path keyStore : keyStores) {
                trust.setCertificateEntry(keyStore.getFileName().toString(), certificate(keyStore));
            }
            return store(trust, directory.resolve(name));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key of a store in one of type JKS, where the key has a password of its own. */
    Path jks(Path keyStore, String keyPassword) {
        try {
            KeyStore jks = KeyStore.getInstance("JKS");
            jks.load(null, null);
            Certificate[] chain = {certificate(keyStore)};
            jks.setKeyEntry(ALIAS, key(keyStore), keyPassword.toCharArray(), chain);
            return store(jks, directory.resolve(keyStore.getFileName() + ".jks"));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Key and certificate of a store as text. */
    Path pem(Path keyStore) {
        try {
            return write(keyStore, "plain.pem", "PRIVATE KEY", key(keyStore).getEncoded());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Certificate, and key encrypted with the password, of a store as text. */
    Path encryptedPem(Path keyStore) {
        try {
            String algorithm = "PBEWithSHA1AndDESede";
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(
                    Cipher.ENCRYPT_MODE,
                    SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(PASSWORD.toCharArray())));
            byte[] encrypted = cipher.doFinal(key(keyStore).getEncoded());
            AlgorithmParameters parameters = cipher.getParameters();
            byte[] encoded = new EncryptedPrivateKeyInfo(parameters, encrypted).getEncoded();
            return write(keyStore, "encrypted.pem", "ENCRYPTED PRIVATE KEY", encoded);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Certificates as text. */
    Path trustPem(Path... keyStores) {
        try {
            String text =
                    Arrays.stream(keyStores).map(Certificates::certificateText).collect(Collectors.joining());
            return Files.writeString(directory.resolve("trust.pem"), text);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The platform's own client, over a socket that is connected. */
    SSLSocket socket(Path trustStore, Socket plain) {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(open(trustStore));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path write(Path keyStore, String suffix, String label, byte[] key) throws IOException {
        return Files.writeString(
                directory.resolve(keyStore.getFileName() + suffix), text(label, key) + certificateText(keyStore));
    }

    private static String certificateText(Path keyStore) {
        try {
            return text("CERTIFICATE", certificate(keyStore).getEncoded());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(String label, byte[] bytes) {
        return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + label
                + "-----\n";
    }

    private static Certificate certificate(Path keyStore) throws GeneralSecurityException, IOException {
        return open(keyStore).getCertificate(ALIAS);
    }

    private static Key key(Path keyStore) throws GeneralSecurityException, IOException {
        return open(keyStore).getKey(ALIAS, PASSWORD.toCharArray());
    }

    private static KeyStore open(Path keyStore) throws GeneralSecurityException, IOException {
        return KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray());
    }

    private static Path store(KeyStore store, Path file) throws GeneralSecurityException, IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD.toCharArray());
        }
        return file;
    }
}
