"""The workloads of `scripts/bench --torch` in PyTorch: eager, float32, batch 1, straightforward.

  python3 torch_workloads.py NAME RUNS THREADS     prints the milliseconds of every run as JSON

Recurrences are loops over the positions, as the papers' reference code has them; what PyTorch has an
operator for uses it (scaled_dot_product_attention, conv1d, fft).
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class ViT(nn.Module):
    def __init__(self, dim=768, depth=12, heads=12):
        super().__init__()
        self.patches = nn.Conv2d(3, dim, 16, 16)
        self.token = nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = nn.Parameter(torch.zeros(1, 197, dim))
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.LayerNorm(dim), Attention(dim, heads), nn.LayerNorm(dim),
                    nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim)),
                ]
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 1000)

    def forward(self, image):
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token, x], 1) + self.positions
        for norm1, attention, norm2, mlp in self.layers:
            x = x + attention(norm1(x))
            x = x + mlp(norm2(x))
        return self.head(self.norm(x)[:, 0])


class MoE(nn.Module):
    def __init__(self, dim=768, hidden=2048, experts=8, top=2):
        super().__init__()
        self.top = top
        self.router = nn.Linear(dim, experts, bias=False)
        self.up = nn.Parameter(torch.randn(experts, 2 * hidden, dim) * 0.02)
        self.down = nn.Parameter(torch.randn(experts, dim, hidden) * 0.02)

    def forward(self, x):
        rows = x.flatten(0, 1)
        weights, chosen = self.router(rows).softmax(-1).topk(self.top)
        weights = weights / weights.sum(-1, keepdim=True)
        y = torch.zeros_like(rows)
        for expert in range(self.up.shape[0]):
            row, place = torch.where(chosen == expert)
            gate, up = F.linear(rows[row], self.up[expert]).chunk(2, -1)
            result = F.linear(F.silu(gate) * up, self.down[expert])
            y.index_add_(0, row, result * weights[row, place, None])
        return y.view_as(x)


def selective_scan(u, delta, a, b, c, d=None):
    """u, delta [B, D, L], a [D, N], b and c [B, N, L]."""
    decay = torch.exp(torch.einsum("bdl,dn->bdln", delta, a))
    drive = torch.einsum("bdl,bnl,bdl->bdln", delta, b, u)
    state = u.new_zeros(u.shape[0], u.shape[1], a.shape[1])
    ys = []
    for i in range(u.shape[2]):
        state = decay[:, :, i] * state + drive[:, :, i]
        ys.append(torch.einsum("bdn,bn->bd", state, c[:, :, i]))
    y = torch.stack(ys, 2)
    return y if d is None else y + u * d[:, None]


class Mamba(nn.Module):
    def __init__(self, dim=768, states=16):
        super().__init__()
        inner, self.rank, self.states = 2 * dim, (dim + 15) // 16, states
        self.in_proj = nn.Linear(dim, 2 * inner, bias=False)
        self.conv = nn.Conv1d(inner, inner, 4, groups=inner, padding=3)
        self.x_proj = nn.Linear(inner, self.rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(self.rank, inner)
        self.a_log = nn.Parameter(torch.log(torch.arange(1.0, states + 1)).repeat(inner, 1))
        self.d = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, dim, bias=False)

    def forward(self, u):
        x, z = self.in_proj(u).transpose(1, 2).chunk(2, 1)
        x = F.silu(self.conv(x)[..., : u.shape[1]])
        step, b, c = self.x_proj(x.transpose(1, 2)).split([self.rank, self.states, self.states], -1)
        delta = F.softplus(self.dt_proj(step)).transpose(1, 2)
        y = selective_scan(
            x, delta, -self.a_log.exp(), b.transpose(1, 2), c.transpose(1, 2), self.d)
        return self.out_proj((y * F.silu(z)).transpose(1, 2))


class RMSNorm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * self.weight


class Mamba2(nn.Module):
    """The state-space dual in chunks: products inside a chunk, a recurrence over chunks."""

    def __init__(self, dim=768, states=128, head=64, chunk=256):
        super().__init__()
        self.inner, self.states, self.head, self.chunk = 2 * dim, states, head, chunk
        self.heads = self.inner // head
        mixed = self.inner + 2 * states
        self.in_proj = nn.Linear(dim, self.inner + mixed + self.heads, bias=False)
        self.conv = nn.Conv1d(mixed, mixed, 4, groups=mixed, padding=3)
        self.dt_bias = nn.Parameter(torch.zeros(self.heads))
        self.a_log = nn.Parameter(torch.zeros(self.heads))
        self.d = nn.Parameter(torch.ones(self.heads))
        self.norm = RMSNorm(self.inner)
        self.out_proj = nn.Linear(self.inner, dim, bias=False)

    def forward(self, u):
        batch, length, _ = u.shape
        z, mixed, step = self.in_proj(u).split(
            [self.inner, self.inner + 2 * self.states, self.heads], -1)
        mixed = F.silu(self.conv(mixed.transpose(1, 2))[..., :length]).transpose(1, 2)
        x, b, c = mixed.split([self.inner, self.states, self.states], -1)
        step = F.softplus(step + self.dt_bias)
        x = x.view(batch, length, self.heads, self.head)
        y = self.dual(x * step[..., None], step * -self.a_log.exp(), b, c) + x * self.d[:, None]
        return self.out_proj(self.norm(y.flatten(2) * F.silu(z)))

    def dual(self, x, log_decay, b, c):
        batch, length = x.shape[:2]
        n, size = length // self.chunk, self.chunk
        x = x.view(batch, n, size, self.heads, self.head)
        b, c = b.view(batch, n, size, -1), c.view(batch, n, size, -1)
        total = log_decay.view(batch, n, size, self.heads).permute(0, 3, 1, 2).cumsum(-1)
        between = total[..., :, None] - total[..., None, :]
        causal = torch.ones(size, size, dtype=torch.bool).tril()
        between = between.masked_fill(~causal, float("-inf")).exp()
        scores = torch.einsum("bcls,bcms->bclm", c, b)
        inside = torch.einsum("bclm,bhclm,bcmhp->bclhp", scores, between, x)
        left = (total[..., -1:] - total).exp()
        states = torch.einsum("bcms,bhcm,bcmhp->bchps", b, left, x)
        state = torch.zeros_like(states[:, 0])
        before = []
        for i in range(n):
            before.append(state)
            state = state * total[:, :, i, -1].exp()[..., None, None] + states[:, i]
        entering = torch.stack(before, 1)
        across = torch.einsum("bcls,bchps,bhcl->bclhp", c, entering, total.exp())
        return (inside + across).reshape(batch, length, self.heads, self.head)


class SS2D(nn.Module):
    def __init__(self, dim=96, states=16):
        super().__init__()
        inner, self.rank, self.states = 2 * dim, (dim + 15) // 16, states
        self.in_proj = nn.Linear(dim, inner, bias=False)
        self.conv = nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False)
        self.x_proj = nn.Parameter(torch.randn(4, self.rank + 2 * states, inner) * 0.05)
        self.dt_proj = nn.Parameter(torch.randn(4, inner, self.rank) * 0.05)
        self.dt_bias = nn.Parameter(torch.zeros(4, inner))
        self.a_log = nn.Parameter(torch.log(torch.arange(1.0, states + 1)).repeat(4 * inner, 1))
        self.d = nn.Parameter(torch.ones(4 * inner))
        self.norm = nn.LayerNorm(inner)
        self.out_proj = nn.Linear(inner, dim, bias=False)

    def forward(self, x):
        x = F.silu(self.conv(self.in_proj(x).permute(0, 3, 1, 2)))
        batch, inner, height, width = x.shape
        rows, columns = x.flatten(2), x.transpose(2, 3).flatten(2)
        xs = torch.stack([rows, columns, rows.flip(-1), columns.flip(-1)], 1)
        step, b, c = torch.einsum("bkdl,krd->bkrl", xs, self.x_proj).split(
            [self.rank, self.states, self.states], 2)
        delta = F.softplus(
            torch.einsum("bkrl,kdr->bkdl", step, self.dt_proj) + self.dt_bias[..., None])
        a = -self.a_log.exp().view(4, inner, -1)
        ys = [
            selective_scan(
                xs[:, k], delta[:, k], a[k], b[:, k], c[:, k], self.d.view(4, inner)[k])
            for k in range(4)
        ]
        down = (ys[1] + ys[3].flip(-1)).view(batch, inner, width, height).transpose(2, 3)
        y = ys[0] + ys[2].flip(-1) + down.flatten(2)
        return self.out_proj(self.norm(y.transpose(1, 2))).view(batch, height, width, -1)


class EinFFT(nn.Module):
    def __init__(self, dim=384, blocks=4):
        super().__init__()
        self.blocks = blocks
        size = dim // blocks
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(2, blocks, size, size) * 0.02) for _ in range(2))
        self.biases = nn.ParameterList(
            nn.Parameter(torch.randn(2, blocks, size) * 0.02) for _ in range(2))

    def forward(self, x):
        batch, n, dim = x.shape
        y = torch.fft.fft2(x.view(batch, n, self.blocks, -1), dim=(1, 2), norm="ortho")
        re, im = y.real, y.imag
        for i in range(2):
            def mix(v, part):
                return torch.einsum("bnkd,kde->bnke", v, self.weights[i][part])
            re, im = (
                mix(re, 0) - mix(im, 1) + self.biases[i][0],
                mix(re, 1) + mix(im, 0) + self.biases[i][1],
            )
            if i == 0:
                re, im = F.relu(re), F.relu(im)
        re, im = F.softshrink(re, 0.01), F.softshrink(im, 0.01)
        y = torch.fft.ifft2(torch.complex(re, im), dim=(1, 2), norm="ortho")
        return y.real.reshape(batch, n, dim)


class MambaLM(nn.Module):
    def __init__(self, dim=768, depth=24, vocab=50280):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.norms = nn.ModuleList(RMSNorm(dim) for _ in range(depth))
        self.layers = nn.ModuleList(Mamba(dim) for _ in range(depth))
        self.norm = RMSNorm(dim)

    def forward(self, ids):
        x = self.embedding(ids)
        for norm, layer in zip(self.norms, self.layers):
            x = x + layer(norm(x))
        return F.linear(self.norm(x), self.embedding.weight)


def attention(window):
    length = 8192
    q, k, v = (torch.randn(1, 12, length, 64) for _ in range(3))
    if window is None:
        return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True)
    place = torch.arange(length)
    distance = place[:, None] - place
    mask = (distance >= 0) & (distance < window)
    return lambda: F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def workload(name):
    def on(model, x):
        return lambda: model(x)

    if name == "vit-b-16":
        return on(ViT(), torch.randn(1, 3, 224, 224))
    if name == "moe":
        return on(MoE(), torch.randn(1, 512, 768))
    if name == "selective-scan":
        u, step = torch.randn(1, 1536, 2048), F.softplus(torch.randn(1, 1536, 2048))
        a, b, c = -torch.rand(1536, 16).exp(), torch.randn(1, 16, 2048), torch.randn(1, 16, 2048)
        return lambda: selective_scan(u, step, a, b, c)
    if name == "mamba":
        return on(Mamba(), torch.randn(1, 2048, 768))
    if name == "mamba2":
        return on(Mamba2(), torch.randn(1, 2048, 768))
    if name == "window":
        return attention(512)
    if name == "causal":
        return attention(None)
    if name == "ss2d":
        return on(SS2D(), torch.randn(1, 56, 56, 96))
    if name == "einfft":
        return on(EinFFT(), torch.randn(1, 1024, 384))
    if name == "mamba-130m":
        return on(MambaLM(), torch.randint(0, 50280, (1, 512)))
    raise SystemExit(f"unknown workload '{name}'")


def main():
    name, runs, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    with torch.inference_mode():
        work = workload(name)
        work()
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            work()
            times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"version": torch.__version__, "times_ms": times}))


if __name__ == "__main__":
    main()
