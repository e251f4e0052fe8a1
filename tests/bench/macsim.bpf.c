/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One namespace plays thousands of phones. A frame that leaves it gets the
 * source MAC 02:4d:A:B:C:D of its IPv4 source address A.B.C.D, in ARP bodies
 * too; a frame that arrives is for us, whatever its destination MAC says.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETHER_SOURCE 6
#define ETHER_TYPE   12
#define IPV4_SOURCE  (14 + 12)
#define ARP_MAC	     (14 + 8)
#define ARP_IPV4     (14 + 14)

SEC("egress")
int leaving(struct __sk_buff *skb)
{
	unsigned char mac[ETH_ALEN] = { 0x02, 0x4d };
	unsigned short type;
	int source;

	if (bpf_skb_load_bytes(skb, ETHER_TYPE, &type, sizeof(type)) < 0)
		return TC_ACT_OK;
	if (type == bpf_htons(ETH_P_IP))
		source = IPV4_SOURCE;
	else if (type == bpf_htons(ETH_P_ARP))
		source = ARP_IPV4;
	else
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, source, mac + 2, 4) < 0)
		return TC_ACT_OK;
	bpf_skb_store_bytes(skb, ETHER_SOURCE, mac, sizeof(mac), 0);
	if (source == ARP_IPV4)
		bpf_skb_store_bytes(skb, ARP_MAC, mac, sizeof(mac), 0);
	return TC_ACT_OK;
}

SEC("ingress")
int arriving(struct __sk_buff *skb)
{
	bpf_skb_change_type(skb, PACKET_HOST);
	return TC_ACT_OK;
}

char license_of_this[] SEC("license") = "GPL";
