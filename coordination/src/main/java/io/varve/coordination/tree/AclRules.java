// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** What access lists mean; ZooKeeper's rules. */
final class AclRules {

    private static final String WORLD = "world";
    private static final String ANYONE = "anyone";
    private static final String AUTH = "auth";
    private static final String DIGEST = "digest";
    private static final String IP = "ip";
    private static final String X509 = "x509";

    /** Finds duplicates in a long list in time, whatever its texts hash to. */
    private static final Comparator<Acl> ORDER =
            Comparator.comparing(Acl::scheme).thenComparing(Acl::id).thenComparingInt(Acl::permissions);

    private AclRules() {}

    /** Whether somebody may do what a permission stands for; an empty list permits all. */
    static boolean permits(List<Acl> list, int permission, List<Identity> identities) {
        if (list.isEmpty() || identities.stream().anyMatch(who -> who.scheme().equals(Identity.SUPER.scheme()))) {
            return true;
        }
        for (Acl acl : list) {
            if ((acl.permissions() & permission) != 0 && isMeant(acl, identities)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isMeant(Acl acl, List<Identity> identities) {
        if (isWorld(acl)) {
            return true;
        }
        for (Identity who : identities) {
            if (who.scheme().equals(acl.scheme()) && isKnown(who.scheme())) {
                boolean matches = who.scheme().equals(IP)
                        ? IpRange.contains(acl.id(), who.id())
                        : who.id().equals(acl.id());
                if (matches) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isWorld(Acl acl) {
        return acl.scheme().equals(WORLD) && acl.id().equals(ANYONE);
    }

    private static boolean isKnown(String scheme) {
        return scheme.equals(IP) || proves(scheme);
    }

    /** Whether an identity of a scheme is proven; an address is not. */
    private static boolean proves(String scheme) {
        return scheme.equals(DIGEST) || scheme.equals(X509);
    }

    /**
     * The list that a node gets when another is asked for: without duplicates, "auth" replaced by the identities of who asks.
     *
     * @return null when the list is not allowed
     */
    static @Nullable List<Acl> fixed(List<Acl> asked, List<Identity> identities) {
        List<Acl> fixed = new ArrayList<>(asked.size());
        Set<Acl> seen = new TreeSet<>(ORDER);
        for (Acl acl : asked) {
            if (!seen.add(acl)) {
                continue;
            }
            int before = fixed.size();
            if (acl.scheme().equals(AUTH)) {
                for (Identity who : identities) {
                    if (proves(who.scheme())) {
                        fixed.add(new Acl(acl.permissions(), who.scheme(), who.id()));
                    }
                }
            } else if (isWorld(acl) || isValid(acl)) {
                fixed.add(acl);
            }
            if (fixed.size() == before) {
                return null;
            }
        }
        return fixed.isEmpty() ? null : List.copyOf(fixed);
    }

    private static boolean isValid(Acl acl) {
        return switch (acl.scheme()) {
            case DIGEST -> isUserAndHash(acl.id());
            case IP -> IpRange.isValid(acl.id());
            case X509 -> isDistinguishedName(acl.id());
            default -> false;
        };
    }

    /** One colon that has something behind it; more only at the end. */
    private static boolean isUserAndHash(String id) {
        int colon = id.indexOf(':');
        if (colon < 0) {
            return false;
        }
        int end = id.length();
        while (end > 0 && id.charAt(end - 1) == ':') {
            end--;
        }
        return end > colon + 1 && id.lastIndexOf(':', end - 1) == colon;
    }

    private static boolean isDistinguishedName(String id) {
        try {
            return new X500Principal(id).getName() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** A list for those who may read but not administer the node: without the hashes of passwords. */
    static List<Acl> withoutHashes(List<Acl> list) {
        List<Acl> hidden = new ArrayList<>(list.size());
        for (Acl acl : list) {
            int colon = acl.id().indexOf(':');
            boolean hides = acl.scheme().equals(DIGEST) && colon >= 0;
            hidden.add(hides ? new Acl(acl.permissions(), acl.scheme(), acl.id().substring(0, colon) + ":x") : acl);
        }
        return hidden;
    }
}
