# A receiver of events in Perl 5.14 or later, with its core modules alone: SECRET=whsec_... PORT=8080 perl receiver.pl
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use MIME::Base64 qw(decode_base64 encode_base64);

my $TOLERANCE_S = 5 * 60;
my $key = decode_base64($ENV{SECRET} =~ s/^whsec_//r);
# In a real receiver this is a table with a unique key, so that a restart forgets nothing.
my %seen;

# Whether two texts are equal, in a time that does not tell where they differ.
sub is_equal {
    my ($one, $other) = @_;
    return 0 if length $one != length $other;
    my $difference = 0;
    $difference |= ord(substr $one, $_, 1) ^ ord(substr $other, $_, 1) for 0 .. length($one) - 1;
    return $difference == 0;
}

# Whether these bytes came from the sender that has the secret, a moment ago.
sub is_genuine {
    my ($headers, $body) = @_;
    my ($id, $timestamp, $signatures) = map { $headers->{"webhook-$_"} // '' } qw(id timestamp signature);
    return 0 if $id eq '' || $timestamp !~ /^\d+$/ || abs(time - $timestamp) > $TOLERANCE_S;
    my $expected = 'v1,' . encode_base64(hmac_sha256("$id.$timestamp.$body", $key), '');
    # Several while a secret is replaced: one that fits is enough.
    for my $given (split / /, $signatures) {
        return 1 if is_equal($given, $expected);
    }
    return 0;
}

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ENV{PORT}, Listen => 16, ReuseAddr => 1)
    or die "no port: $!";
while (my $client = $server->accept) {
    my $request = <$client> // '';
    my %headers;
    while (defined(my $line = <$client>)) {
        $line =~ s/\r?\n$//;
        last if $line eq '';
        my ($name, $value) = split /:\s*/, $line, 2;
        $headers{lc $name} = $value;
    }
    # The bytes as they came: what is parsed and written anew has another signature.
    read $client, my $body, $headers{'content-length'} // 0;
    my $genuine = is_genuine(\%headers, $body);
    if ($genuine && !$seen{$headers{'webhook-id'}}++) {
        my $event = decode_json($body);
        print "$event->{sequence} $event->{type}\n";    # Put it into a queue here, and do the work afterwards.
    }
    print $client $genuine ? "HTTP/1.1 204 No Content\r\n" : "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n", "Connection: close\r\n\r\n";
    close $client;
}
