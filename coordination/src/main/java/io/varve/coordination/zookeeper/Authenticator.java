// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.coordination.tree.Identity;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a client says of itself into identities, as ZooKeeper's providers do.
 *
 * <p>Threading: immutable.
 */
final class Authenticator {

    private final byte @Nullable [] superDigest;

    /** See {@link FrontEndConfig#superDigest()}. */
    Authenticator(@Nullable String superDigest) {
        this.superDigest = superDigest == null ? null : superDigest.getBytes(UTF_8);
    }

    /** The identities, none when the scheme is unknown or the proof is none. */
    List<Identity> identities(String scheme, byte[] proof, ClientPeer peer) {
        return switch (scheme) {
            case "digest" -> digest(proof);
            case "ip" -> List.of(new Identity("ip", peer.host()));
            case "x509" ->
                peer.distinguishedName() == null ? List.of() : List.of(new Identity("x509", peer.distinguishedName()));
            default -> List.of();
        };
    }

    /** The identities a connection has without asking. */
    static List<Identity> initial(ClientPeer peer) {
        final Identity address = new Identity("ip", peer.host());
        return peer.distinguishedName() == null
                ? List.of(address)
                : List.of(address, new Identity("x509", peer.distinguishedName()));
    }

    /** {@code user:password} becomes {@code user:base64(sha1(user:password))}. */
    private List<Identity> digest(byte[] proof) {
        final String claim = new String(proof, UTF_8);
        final int colon = claim.indexOf(':');
        final String user = colon < 0 ? claim : claim.substring(0, colon);
        final String digest = user + ":" + Base64.getEncoder().encodeToString(sha1(claim.getBytes(UTF_8)));
        final Identity identity = new Identity("digest", digest);
        final boolean isSuper = superDigest != null && MessageDigest.isEqual(superDigest, digest.getBytes(UTF_8));
        return isSuper ? List.of(Identity.SUPER, identity) : List.of(identity);
    }

    private static byte[] sha1(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform must have SHA-1", e);
        }
    }
}
