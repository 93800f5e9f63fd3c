public import BlockKit

/// The built-in blocks.
///
/// A test compares this list with the folder.
public let standardBlocks = BlockPack(
  "archlab",
  [
    Embedding.self, Unembedding.self, Positions.self, PatchEmbed.self,
    LinearLayer.self, MLP.self, SwiGLU.self, GeGLU.self, MixtureOfExperts.self,
    LayerNorm.self, RMSNorm.self, GroupNorm.self, BatchNorm.self, L2Norm.self,
    SelfAttention.self, WindowAttention.self, LatentAttention.self, RelativeAttention.self,
    RelativeBias.self, Mamba.self, Mamba2.self, Mamba2D.self, SS2D.self, GatedLinearAttention.self,
    Retention.self, GatedDeltaNet.self, S6.self,
    BidirectionalMamba.self, S4D.self, Hyena.self, LongConvolution.self,
    CausalConv1d.self, Conv.self, RepConv.self, StandardizedConv.self, SqueezeExcite.self,
    ConvTranspose.self, Upsample.self, EinFFT.self,
    TimestepEmbedding.self,
    LayerScale.self, Scale.self, LearnedParameter.self, GlobalPool.self, ClassToken.self,
    DropTokens.self, Select.self,
  ] + operationBlocks)

/// The core operations, each usable as a step.
let operationBlocks: [any (Block & SendableMetatype).Type] = [
  Add.self, Subtract.self, Multiply.self, Divide.self, ComplexStep.self, ActivationStep.self,
  Clamp.self, CumulativeSumStep.self, ConstantStep.self,
  MatMul.self,
  EinsumStep.self, SoftmaxStep.self, FourierTransform.self, InverseFourierTransform.self,
  SelectiveScanStep.self, SSDStep.self, GridScanStep.self, LinearAttentionStep.self,
  DotProductAttention.self, ConcatStep.self,
  SplitStep.self, RearrangeStep.self, FlipStep.self, PadStep.self, PoolStep.self,
  AdaptivePoolStep.self,
  ReduceStep.self, RotaryStep.self, ArgMaxStep.self, TakeStep.self, ScatterStep.self,
  BroadcastStep.self,
]
